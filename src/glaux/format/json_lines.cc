#include <algorithm>

#include "glaux/format/json_block_internal.h"

namespace glaux {
namespace {

class LineSplitter final : public JsonSplitter {
 public:
  LineSplitter(JsonWindow window, int64_t max_record_bytes, int64_t skip_lines)
      : window_(std::move(window)), max_record_bytes_(max_record_bytes), skip_lines_(skip_lines) {}

  Result<std::optional<JsonBlock>> Next() override {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto block, NextOfAll());
      if (!block || Skip(&*block)) return block;
    }
  }

  int64_t stored_bytes_read() const override { return window_.stored_bytes_read(); }

 private:
  /// Take lines that are to be skipped off a block; false if nothing is left of it.
  bool Skip(JsonBlock* block) {
    for (; skip_lines_ > 0; --skip_lines_) {
      const size_t end = block->text.find('\n');
      if (end == std::string_view::npos) {
        --skip_lines_;
        return false;
      }
      block->text.remove_prefix(end + 1);
      ++block->first_line;
      block->first_byte = 0;
    }
    return true;
  }

  Result<std::optional<JsonBlock>> NextOfAll() {
    while (!window_.ended()) {
      const size_t seen = window_.text().size();
      ARROW_RETURN_NOT_OK(window_.Fill());
      const auto text = window_.text();
      const auto line_end = window_.ended() ? text.size() - 1 : text.substr(seen).rfind('\n');
      if (!window_.ended() && line_end == std::string_view::npos) {
        if (static_cast<int64_t>(text.size()) > max_record_bytes_) {
          return JsonRecordTooLong(window_.name(), window_.PlaceOf(0).line, max_record_bytes_);
        }
        continue;
      }
      if (text.empty()) break;
      if (window_.ended()) {
        const size_t last = text.rfind('\n', text.size() - 1 - (text.back() == '\n' ? 1 : 0));
        const size_t begin = last == std::string_view::npos ? 0 : last + 1;
        if (static_cast<int64_t>(text.size() - begin) > max_record_bytes_) {
          return JsonRecordTooLong(window_.name(), window_.PlaceOf(begin).line, max_record_bytes_);
        }
      }
      const size_t cut = window_.ended() ? text.size() : seen + line_end + 1;
      // Behind the text stands a line end or padding, which no token is taken for.
      auto block = window_.Share(text[cut - 1] == '\n' ? cut - 1 : cut, JsonLayout::kLines);
      window_.Drop(cut);
      return block;
    }
    return std::nullopt;
  }

  JsonWindow window_;
  int64_t max_record_bytes_;
  int64_t skip_lines_;
};

}  // namespace

Result<std::unique_ptr<JsonSplitter>> JsonSplitter::OpenLines(const InputFile& input, const TextOptions& options,
                                                              int64_t max_record_bytes, int64_t skip_lines,
                                                              int64_t block_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto source, OpenDecompressed(input, options));
  return std::make_unique<LineSplitter>(JsonWindow(input.name, std::move(source), block_bytes),
                                        std::clamp<int64_t>(max_record_bytes, 1, 1 << 30), skip_lines);
}

}  // namespace glaux
