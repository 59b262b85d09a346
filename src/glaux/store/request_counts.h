#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace glaux {

/// What a request is billed as. Source: Amazon S3 pricing, "Requests & data retrievals": PUT, COPY, POST and LIST have
/// one price, GET, SELECT and all others (HEAD too) another, DELETE and CANCEL are free.
enum class RequestKind {
  kList,
  kGet,
  kHead,
  kPut,  ///< also parts, and beginning and completing an upload
  kCopy,
  kDelete,  ///< also dropping an upload
};
inline constexpr size_t kRequestKinds = 6;

/// Storage classes that have prices of their own.
enum class StorageClass : uint8_t {
  kStandard,  ///< and what is billed like it: REDUCED_REDUNDANCY, and classes that are not known
  kIntelligentTiering,
  kStandardIa,
  kOneZoneIa,
  kGlacierIr,
  kGlacier,
  kDeepArchive,
};
inline constexpr size_t kStorageClasses = 7;

/// In S3's words: "STANDARD_IA".
std::string_view StorageClassName(StorageClass storage_class);
/// Empty and unknown names are kStandard.
StorageClass StorageClassOf(std::string_view name);

/// Whose price list a store's requests fall under.
enum class RequestPlace : uint8_t {
  kNone,   ///< calls are no requests: a folder, memory
  kAws,    ///< Amazon S3
  kOther,  ///< another server that speaks its protocol
};

/// Where a store's requests are billed, and as what.
struct RequestBilling {
  RequestPlace place = RequestPlace::kNone;
  /// Of what the store writes.
  StorageClass storage_class = StorageClass::kStandard;
};

/// Requests by what they cost. Plain data: what happened, or what is to be expected.
struct RequestCounts {
  struct Line {
    std::array<int64_t, kRequestKinds> requests{};
    int64_t bytes_received = 0;  ///< of bodies
    int64_t bytes_sent = 0;      ///< of bodies

    bool operator==(const Line&) const = default;
  };
  /// Of Amazon S3 and of other servers, by storage class.
  std::array<Line, kStorageClasses> aws{};
  std::array<Line, kStorageClasses> other{};
  /// Tries that nobody bills, and that are in no line: answers with a status of 500 or more, redirects to another
  /// region, and those that no answer came to.
  int64_t unbilled = 0;
  /// Of all tries, those that repeated an earlier one.
  int64_t retries = 0;

  /// Count requests with the bytes of their bodies; of kNone nothing.
  void Add(RequestBilling billing, RequestKind kind, int64_t requests, int64_t received = 0, int64_t sent = 0);

  int64_t Of(RequestKind kind) const;
  int64_t bytes_received() const;
  int64_t bytes_sent() const;
  /// Nothing was sent, or will be.
  bool empty() const { return *this == RequestCounts(); }

  RequestCounts& operator+=(const RequestCounts& more);
  /// What came since `before`.
  RequestCounts operator-(const RequestCounts& before) const;
  bool operator==(const RequestCounts&) const = default;
};

// How S3 copies within itself, and what a copy of so many bytes takes.

/// Objects above this are copied in parts: S3's own limit.
inline constexpr int64_t kMostCopiedAtOnce = int64_t{5} << 30;
inline constexpr int64_t kCopyPartBytes = int64_t{256} << 20;
/// Up to this size a copy with a condition comes and goes: few servers check conditions on copies.
inline constexpr int64_t kMostCopiedByHand = 8 << 20;

/// \param source class of the object that is copied
RequestCounts RequestsOfCopy(RequestBilling billing, StorageClass source, int64_t size, bool conditional);
/// An object of so many bytes written in parts of one size.
RequestCounts RequestsOfUpload(RequestBilling billing, int64_t size, int64_t part_size);

/// Counts requests as they are answered. Thread-safe, and no lock.
class RequestMeter {
 public:
  void Count(RequestBilling billing, RequestKind kind, int64_t received, int64_t sent);
  void CountUnbilled() { unbilled_.fetch_add(1, std::memory_order_relaxed); }
  void CountRetry() { retries_.fetch_add(1, std::memory_order_relaxed); }
  /// Everything so far. Of calls that are under way some may be missing.
  RequestCounts Read() const;

 private:
  struct Line {
    std::array<std::atomic<int64_t>, kRequestKinds> requests{};
    std::atomic<int64_t> bytes_received{0};
    std::atomic<int64_t> bytes_sent{0};
  };
  std::array<Line, kStorageClasses> aws_{};
  std::array<Line, kStorageClasses> other_{};
  std::atomic<int64_t> unbilled_{0};
  std::atomic<int64_t> retries_{0};
};

}  // namespace glaux
