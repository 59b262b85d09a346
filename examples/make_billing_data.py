#!/usr/bin/env python3
"""Make AWS Cost and Usage Reports in the legacy CSV layout: same seed, same bytes.

    make_billing_data.py OUT [--files 12] [--rows 24000] [--month 2025-01] [--seed 7] [--extra-column]

The column names are AWS's own ("Data dictionary" of the Cost and Usage Report guide); the accounts, resources and costs are
invented. Each file is one gzip member with a fixed time stamp. A folder that already holds the files is left alone, so that
a second run of a load finds the same files.
"""
import argparse
import calendar
import csv
import gzip
import io
import pathlib
import random
import sys

CORE = """identity/LineItemId identity/TimeInterval bill/InvoiceId bill/BillingEntity bill/BillType bill/PayerAccountId
bill/BillingPeriodStartDate bill/BillingPeriodEndDate lineItem/UsageAccountId lineItem/LineItemType lineItem/UsageStartDate
lineItem/UsageEndDate lineItem/ProductCode lineItem/UsageType lineItem/Operation lineItem/AvailabilityZone lineItem/ResourceId
lineItem/UsageAmount lineItem/NormalizationFactor lineItem/NormalizedUsageAmount lineItem/CurrencyCode lineItem/UnblendedRate
lineItem/UnblendedCost lineItem/BlendedRate lineItem/BlendedCost lineItem/LineItemDescription lineItem/TaxType
lineItem/LegalEntity product/ProductName product/servicecode product/servicename product/productFamily product/region
product/location product/locationType product/instanceType product/instanceFamily product/vcpu product/memory
product/operatingSystem product/tenancy product/storageClass product/volumeType product/transferType product/group
product/groupDescription product/sku product/operation product/usagetype pricing/term pricing/unit pricing/RateId
pricing/currency pricing/publicOnDemandCost pricing/publicOnDemandRate pricing/LeaseContractLength pricing/OfferingClass
pricing/PurchaseOption reservation/ReservationARN reservation/AmortizedUpfrontCostForUsage reservation/EffectiveCost
reservation/EndTime reservation/ModificationStatus reservation/NormalizedUnitsPerReservation
reservation/NumberOfReservations reservation/RecurringFeeForUsage reservation/StartTime reservation/SubscriptionId
reservation/TotalReservedNormalizedUnits reservation/TotalReservedUnits reservation/UnitsPerReservation
reservation/UnusedAmortizedUpfrontFeeForBillingPeriod reservation/UnusedNormalizedUnitQuantity reservation/UnusedQuantity
reservation/UnusedRecurringFee reservation/UpfrontValue savingsPlan/TotalCommitmentToDate savingsPlan/SavingsPlanARN
savingsPlan/SavingsPlanRate savingsPlan/UsedCommitment savingsPlan/SavingsPlanEffectiveCost
savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod savingsPlan/RecurringCommitmentForBillingPeriod
savingsPlan/StartTime savingsPlan/EndTime savingsPlan/OfferingType savingsPlan/PaymentOption savingsPlan/PurchaseTerm
savingsPlan/Region resourceTags/aws:createdBy resourceTags/user:Name resourceTags/user:environment
resourceTags/user:team""".split()

# name, code, family, unit, usage type, operation, price of one unit
PRODUCTS = [
    ("Amazon Elastic Compute Cloud", "AmazonEC2", "Compute Instance", "Hrs", "BoxUsage:{size}", "RunInstances", 0.0416),
    ("Amazon Simple Storage Service", "AmazonS3", "Storage", "GB-Mo", "TimedStorage-ByteHrs", "StandardStorage", 0.023),
    ("Amazon Relational Database Service", "AmazonRDS", "Database Instance", "Hrs", "InstanceUsage:db.{size}", "CreateDBInstance", 0.068),
    ("AWS Lambda", "AWSLambda", "Serverless", "Lambda-GB-Second", "Lambda-GB-Second", "Invoke", 0.0000166667),
    ("Amazon Virtual Private Cloud", "AmazonVPC", "NAT Gateway", "GB", "NatGateway-Bytes", "NatGateway", 0.045),
    ("AmazonCloudWatch", "AmazonCloudWatch", "Metric", "Metrics", "CW:MetricMonitorUsage", "MetricStorage", 0.3),
    ("Amazon DynamoDB", "AmazonDynamoDB", "Database Storage", "GB-Mo", "TimedStorage-ByteHrs", "StandardStorage", 0.25),
    ("AWS Data Transfer", "AWSDataTransfer", "Data Transfer", "GB", "DataTransfer-Out-Bytes", "", 0.09),
    ("Amazon Athena", "AmazonAthena", "Athena Queries", "Terabytes", "DataScannedInTB", "RunQuery", 5.0),
    ("AWS Glue", "AWSGlue", "AWS Glue", "DPU-Hour", "ETL-DPU-Hour", "Jobrun", 0.44),
]
REGIONS = [("us-east-1", "US East (N. Virginia)", "USE1"), ("eu-central-1", "EU (Frankfurt)", "EUC1"), ("eu-west-1", "EU (Ireland)", "EUW1")]
SIZES = [("t3.medium", "t3", 2, "4 GiB"), ("m5.large", "m5", 2, "8 GiB"), ("m5.xlarge", "m5", 4, "16 GiB"), ("r5.large", "r5", 2, "16 GiB")]
TEAMS = ["checkout", "search", "data", "platform", "payments", "mobile"]
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def line(rng, year, month, days, resources, extra):
    day, hour = rng.randint(1, days), rng.randint(0, 23)
    start = f"{year}-{month:02d}-{day:02d}T{hour:02d}:00:00Z"
    end = f"{year}-{month:02d}-{day:02d}T{hour + 1:02d}:00:00Z" if hour < 23 else f"{year}-{month:02d}-{day:02d}T23:59:59Z"
    product, code, family, unit, usage_type, operation, price = rng.choices(PRODUCTS, weights=(30, 18, 9, 12, 6, 7, 6, 8, 2, 2))[0]
    region, location, short = rng.choices(REGIONS, weights=(6, 3, 1))[0]
    size, size_family, vcpu, memory = rng.choice(SIZES)
    account = rng.choice(("001234567890", "210987654321", "445566778899", "987600001234"))
    amount = round(rng.expovariate(1.0) * 10, 8)
    cost = round(amount * price, 10)
    resource = rng.choice(resources)
    instance = family in ("Compute Instance", "Database Instance")
    period = f"{year}-{month:02d}-01T00:00:00Z"
    next_period = f"{year + month // 12}-{month % 12 + 1:02d}-01T00:00:00Z"
    usage = f"{short}-{usage_type.format(size=size)}"
    row = {
        "identity/LineItemId": "".join(rng.choices(ALPHABET, k=52)),
        "identity/TimeInterval": f"{start}/{end}",
        "bill/BillingEntity": "AWS", "bill/BillType": "Anniversary", "bill/PayerAccountId": "001234567890",
        "bill/BillingPeriodStartDate": period, "bill/BillingPeriodEndDate": next_period,
        "lineItem/UsageAccountId": account,
        "lineItem/LineItemType": "Usage" if rng.random() < 0.97 else "Tax",
        "lineItem/UsageStartDate": start, "lineItem/UsageEndDate": end,
        "lineItem/ProductCode": code, "lineItem/UsageType": usage, "lineItem/Operation": operation,
        "lineItem/AvailabilityZone": region + rng.choice("abc") if instance else "",
        "lineItem/ResourceId": resource if code != "AWSDataTransfer" else "",
        "lineItem/UsageAmount": repr(amount), "lineItem/CurrencyCode": "USD",
        "lineItem/UnblendedRate": f"{price:.10f}", "lineItem/UnblendedCost": f"{cost:.10f}",
        "lineItem/BlendedRate": f"{price:.10f}", "lineItem/BlendedCost": f"{cost:.10f}",
        "lineItem/LineItemDescription": f"${price} per {unit} of {family}, {location}",
        "lineItem/LegalEntity": "Amazon Web Services, Inc.",
        "product/ProductName": product, "product/servicecode": code, "product/servicename": product,
        "product/productFamily": family, "product/region": region, "product/location": location, "product/locationType": "AWS Region",
        "product/sku": f"{code[-6:].upper()}{short}", "product/operation": operation, "product/usagetype": usage,
        "pricing/term": "OnDemand", "pricing/unit": unit, "pricing/RateId": str(1_000_000 + PRODUCTS.index((product, code, family, unit, usage_type, operation, price))),
        "pricing/currency": "USD", "pricing/publicOnDemandCost": f"{cost:.10f}", "pricing/publicOnDemandRate": f"{price:.10f}",
        "resourceTags/user:Name": "web, public" if rng.random() < 0.05 else "", "resourceTags/user:environment": rng.choice(("prod", "prod", "stage", "")),
        "resourceTags/user:team": rng.choice(TEAMS) if rng.random() < 0.8 else "",
    }
    if code == "AmazonS3":
        row |= {"product/storageClass": "General Purpose", "product/volumeType": "Standard"}
    elif code in ("AWSDataTransfer", "AmazonVPC"):
        row |= {"product/transferType": "AWS Outbound", "product/group": "NGW:NatGateway",
                "product/groupDescription": "Charge for per GB data processed by NAT Gateways"}
    if rng.random() < 0.7:
        row["resourceTags/aws:createdBy"] = f"AssumedRole:AROAEXAMPLE{TEAMS.index(rng.choice(TEAMS))}:deploy-{rng.choice(TEAMS)}-pipeline"
    if instance and rng.random() < 0.6:
        plan = rng.randint(1, 9)
        row |= {"savingsPlan/SavingsPlanARN": f"arn:aws:savingsplans::001234567890:savingsplan/0000000{plan}-1111-2222-3333-444444444444",
                "savingsPlan/SavingsPlanRate": f"{price * 0.7:.10f}", "savingsPlan/SavingsPlanEffectiveCost": f"{cost * 0.7:.10f}",
                "savingsPlan/StartTime": f"{year - 1}-01-01T00:00:00.000Z", "savingsPlan/EndTime": f"{year + 1}-12-31T23:59:59.000Z",
                "savingsPlan/OfferingType": "ComputeSavingsPlans", "savingsPlan/PaymentOption": "No Upfront",
                "savingsPlan/PurchaseTerm": "3yr", "savingsPlan/Region": "Any", "lineItem/LineItemType": "SavingsPlanCoveredUsage",
                "pricing/LeaseContractLength": "3yr", "pricing/OfferingClass": "standard", "pricing/PurchaseOption": "No Upfront"}
    if instance:
        row |= {"product/instanceType": size, "product/instanceFamily": size_family, "product/vcpu": str(vcpu), "product/memory": memory,
                "product/operatingSystem": "Linux", "product/tenancy": "Shared", "lineItem/NormalizationFactor": "4.0",
                "lineItem/NormalizedUsageAmount": repr(amount * 4)}
    if extra:
        row["resourceTags/user:costCenter"] = str(rng.randint(100, 120))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=12)
    parser.add_argument("--rows", type=int, default=24_000, help="rows over all files")
    parser.add_argument("--month", default="2025-01")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--prefix", default="cur")
    parser.add_argument("--extra-column", action="store_true", help="add resourceTags/user:costCenter, as a newly activated tag does")
    args = parser.parse_args()

    year, month = (int(part) for part in args.month.split("-"))
    days = calendar.monthrange(year, month)[1]
    header = CORE + (["resourceTags/user:costCenter"] if args.extra_column else [])
    args.out.mkdir(parents=True, exist_ok=True)
    made = 0
    for number in range(args.files):
        path = args.out / f"{args.prefix}-{args.month}-{number + 1:05d}.csv.gz"
        if path.exists():
            continue
        rng = random.Random(f"{args.seed}/{args.month}/{number}/{args.extra_column}")
        resources = [f"arn:aws:ec2:us-east-1:001234567890:instance/i-{rng.getrandbits(64):016x}" for _ in range(300)]
        text = io.StringIO()
        writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
        writer.writeheader()
        count = args.rows // args.files + (number < args.rows % args.files)
        for _ in range(count):
            writer.writerow(line(rng, year, month, days, resources, args.extra_column))
        temporary = path.with_suffix(".part")
        with open(temporary, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
            packed.write(text.getvalue().encode())
        temporary.rename(path)
        made += 1
    print(f"{made} files made, {args.files - made} were there, in {args.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
