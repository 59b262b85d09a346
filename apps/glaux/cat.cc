#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <istream>

#include "address.h"
#include "commands.h"
#include "glaux/base/secrets.h"
#include "glaux/format/byte_source.h"
#include "glaux/store/object_input.h"
#include "glaux/store/parallel_get.h"
#include "glaux/sync/object_finder.h"

namespace glaux::cli {
namespace {

constexpr int64_t kPiece = 4 << 20;

struct CatArguments {
  std::vector<std::string> addresses;
  bool decompress = false;
  bool all = false;
};

Status Cancelled() { return MakeError(ErrorKind::kCancelled, "cat: cancelled"); }

Status CopyStream(Session& session) {
  std::vector<char> piece(256 << 10);
  auto& in = *session.surroundings().in;
  // A stream that is watched should show what has come, and not wait for a full piece.
  while (in.peek() != std::char_traits<char>::eof()) {
    auto size = in.readsome(piece.data(), static_cast<std::streamsize>(piece.size()));
    if (size == 0) {
      in.read(piece.data(), 1);
      size = in.gcount();
    }
    ARROW_RETURN_NOT_OK(session.surroundings().out->Write(piece.data(), size));
    if (session.stop().IsStopRequested()) return Cancelled();
  }
  return in.bad() ? ErrnoError(errno, "read standard input") : Status::OK();
}

Status PrintStored(Session& session, arrow::io::RandomAccessFile& file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  for (int64_t at = 0; at < size;) {
    if (session.stop().IsStopRequested()) return Cancelled();
    ARROW_ASSIGN_OR_RAISE(const auto piece, file.ReadAt(at, std::min(kPiece, size - at)));
    if (piece->size() == 0) return MakeError(ErrorKind::kCorrupt, "it ends at byte ", at, " of ", size);
    ARROW_RETURN_NOT_OK(session.surroundings().out->Write(piece->data(), piece->size()));
    at += piece->size();
  }
  return Status::OK();
}

Status PrintInflated(Session& session, const InputFile& input) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenInflated(input));
  std::vector<uint8_t> piece(1 << 20);
  for (;;) {
    if (session.stop().IsStopRequested()) return Cancelled();
    ARROW_ASSIGN_OR_RAISE(const int64_t size, source->Read(static_cast<int64_t>(piece.size()), piece.data()));
    if (size == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(session.surroundings().out->Write(piece.data(), size));
  }
}

Status PrintObject(Session& session, const FoundObject& object, bool decompress) {
  if (!decompress && object.place.store->traits().remote) {
    ObjectInfo info = object.info;
    info.key = object.place.key;
    return ParallelGet(*object.place.store, std::move(info), {.stop = session.stop()},
                       [&](std::span<const std::byte> piece) {
                         return session.surroundings().out->Write(piece.data(), static_cast<int64_t>(piece.size()));
                       });
  }
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenInput(object.place.store, object.info));
  if (!decompress) return PrintStored(session, *file);
  return PrintInflated(session, {.name = ShownAddress(object.uri), .file = file});
}

Status RunCat(Session& session, const CatArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto addresses, ParseAddresses(arguments.addresses, AddressUse::kRead,
                                                             session.surroundings().working_directory));
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  const auto environment = lake->sync_environment(session.surroundings().out);
  for (const auto& address : addresses) {
    if (address.is_stream() && !arguments.decompress) {
      ARROW_RETURN_NOT_OK(CopyStream(session));
      continue;
    }
    std::unique_ptr<SpooledInput> spooled;
    std::string uri = address.uri;
    if (address.is_stream()) {
      ARROW_ASSIGN_OR_RAISE(spooled, SpooledInput::Make(*session.surroundings().in));
      uri = spooled->uri();
    }
    const auto found = FindObjects(environment, uri, {.all = arguments.all, .stop = session.stop()});
    if (!found.ok()) return Prefix(found.status(), "cat " + address.text);
    if (found->address == FoundObjects::Address::kFolder) {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "a pattern names the files in it, as in '" + address.text +
                                (address.text.ends_with('/') ? "" : "/") + "*'"},
                       "cat ", address.text, ": this is a folder");
    }
    bool any = false;
    for (const auto& object : found->objects) {
      if (object.is_folder) continue;
      any = true;
      const Status status = PrintObject(session, object, arguments.decompress);
      if (!status.ok()) {
        return session.stop().IsStopRequested() ? Cancelled() : Prefix(status, "cat " + ShownAddress(object.uri));
      }
    }
    if (!any) return MakeError(ErrorKind::kNotFound, "cat ", address.text, ": no file matches");
  }
  session.ReportRequests();
  return Status::OK();
}

}  // namespace

void AddCatCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<CatArguments>();
  auto* command = app->add_subcommand("cat", "Print files and objects as they are");
  command
      ->add_option("ADDRESS", arguments->addresses,
                   "paths, s3:// addresses, or patterns with *, ** and {a,b}; - is standard input")
      ->type_name("FILE")
      ->required();
  command->add_flag("-d,--decompress", arguments->decompress,
                    "inflate what is compressed (gzip, zstd, bz2, xz, lz4, ...) or a zip archive of one file");
  command->add_flag("-a,--all", arguments->all, "patterns take names that begin with . or _ as well");
  command->footer(
      "Examples:\n"
      "  glaux cat s3://lake/exports/orders.csv | head\n"
      "  glaux cat 's3://lake/logs/2026-01-*.jsonl.gz' --decompress | jq .level\n"
      "  curl -s https://example.org/a.csv.zst | glaux cat - --decompress > a.csv");
  SetAction(command, session, arguments, RunCat);
}

}  // namespace glaux::cli
