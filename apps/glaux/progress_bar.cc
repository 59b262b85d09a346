#include "progress_bar.h"

#include <fmt/format.h>

#include <algorithm>

#include "human_text.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::milliseconds kFirstDraw{500};

std::string Bar(double share, int width, bool utf8) {
  const int halves = std::clamp(static_cast<int>(share * 2 * width), 0, 2 * width);
  std::string bar;
  for (int i = 0; i < width; ++i) {
    if (utf8) {
      bar += 2 * i + 2 <= halves ? "━" : 2 * i + 1 == halves ? "╸" : "─";
    } else {
      bar += 2 * i + 2 <= halves ? '=' : 2 * i + 1 == halves ? '-' : '.';
    }
  }
  return bar;
}

}  // namespace

std::string RenderProgress(const ProgressView& view, const Terminal& terminal) {
  const double seconds = std::chrono::duration<double>(view.elapsed).count();
  const double rate = seconds > 0 ? static_cast<double>(view.done) / seconds : 0;
  std::string text(view.phase);
  const int width = terminal.width.value_or(80) - 1;
  if (view.total <= 0) {
    if (view.done > 0)
      text += fmt::format("  {}  {}/s", FormatBytes(static_cast<double>(view.done)), FormatBytes(rate));
    text += fmt::format("  {:.0f} s", seconds);
    return Shorten(text, width, "");
  }
  const double share = std::clamp(static_cast<double>(view.done) / static_cast<double>(view.total), 0.0, 1.0);
  std::string tail = fmt::format(" {:3.0f} %", std::min(99.0, share * 100));
  if (share == 1.0) tail = " 100 %";
  std::string detail = fmt::format("  {} of {}  {}/s", FormatBytes(static_cast<double>(view.done)),
                                   FormatBytes(static_cast<double>(view.total)), FormatBytes(rate));
  if (rate > 0 && view.done < view.total) {
    const auto left = static_cast<int64_t>(static_cast<double>(view.total - view.done) / rate + 0.5);
    detail +=
        left < 60 ? fmt::format("  {} s left", left) : "  " + FormatDuration(std::chrono::seconds(left)) + " left";
  }
  constexpr int kLeastBar = 8;
  constexpr int kWidestBar = 30;
  const int used = DisplayWidth(text) + 2 + DisplayWidth(tail);
  const bool detailed = used + kLeastBar + DisplayWidth(detail) <= width;
  const int bar = std::clamp(width - used - (detailed ? DisplayWidth(detail) : 0), 0, kWidestBar);
  text += "  " + Bar(share, bar, terminal.utf8) + tail;
  if (detailed) text += detail;
  return Shorten(text, width, "");
}

ProgressBar::ProgressBar(Terminal terminal, bool enabled, std::function<void(std::string_view)> write)
    : terminal_(std::move(terminal)), enabled_(enabled), write_(std::move(write)) {
  if (enabled_) ticker_ = std::thread([this] { Tick(); });
}

ProgressBar::~ProgressBar() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
    active_ = false;
    Clear();
  }
  wake_.notify_all();
  if (ticker_.joinable()) ticker_.join();
}

void ProgressBar::Begin(std::string_view phase, int64_t total_bytes) {
  std::lock_guard lock(mutex_);
  Clear();
  phase_ = Printable(phase);
  total_ = total_bytes;
  done_ = 0;
  active_ = true;
  started_ = std::chrono::steady_clock::now();
  wake_.notify_all();
}

void ProgressBar::End() {
  std::lock_guard lock(mutex_);
  active_ = false;
  Clear();
}

void ProgressBar::Note(std::string_view message) {
  std::lock_guard lock(mutex_);
  const bool redraw = drawn_;
  Clear();
  write_(Printable(message) + "\n");
  if (redraw) Draw();
}

void ProgressBar::Tick() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (!active_) {
      wake_.wait(lock);
      continue;
    }
    wake_.wait_for(lock, kRedraw);
    if (active_ && !ending_ && std::chrono::steady_clock::now() - started_ >= kFirstDraw) Draw();
  }
}

void ProgressBar::Draw() {
  const ProgressView view{.phase = phase_,
                          .done = done_.load(std::memory_order_relaxed),
                          .total = total_,
                          .elapsed = std::chrono::steady_clock::now() - started_};
  write_("\r" + RenderProgress(view, terminal_) + "\x1b[K");
  drawn_ = true;
}

void ProgressBar::Clear() {
  if (!drawn_) return;
  write_("\r\x1b[K");
  drawn_ = false;
}

}  // namespace glaux::cli
