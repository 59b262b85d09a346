"""Read Parquet files with pyarrow, for tests that compare.

parquet_oracle.py OUT FILE...: for each FILE write OUT/<name>.arrow (an IPC stream of all rows), or OUT/<name>.error.
"""

import pathlib
import sys

import pyarrow
import pyarrow.parquet


def main(out, files):
    for file in map(pathlib.Path, files):
        try:
            table = pyarrow.parquet.read_table(file, coerce_int96_timestamp_unit="us", use_threads=False)
        except Exception as error:  # whatever it is, pyarrow refuses this file
            (out / f"{file.name}.error").write_text(str(error))
            continue
        with pyarrow.ipc.new_stream(str(out / f"{file.name}.arrow"), table.schema) as stream:
            stream.write_table(table)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
