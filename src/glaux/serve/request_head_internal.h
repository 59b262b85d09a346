#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "glaux/http/transport.h"

namespace glaux::serve {

/// Beast's parser, filling our own request, and taking chunked bodies apart.
class RequestParser final : public boost::beast::http::basic_parser<true> {
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;

 public:
  std::string method;
  std::string target;
  int version = 11;
  http::Headers headers;
  /// Where the next bytes of a chunked body go; shrinks as it is filled.
  std::span<std::byte> out;

 private:
  static std::string Text(string_view text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb, string_view name, string_view where, int number,
                       error_code&) override {
    version = number;
    method = Text(name);
    target = Text(where);
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override {
    // Fields behind a chunked body are no part of the head that was looked at.
    if (!in_body_) headers.Add(Text(name), Text(value));
  }
  void on_header_impl(error_code&) override { in_body_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }  // we read such bodies ourselves
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    const auto size = std::min(body.size(), out.size());
    std::memcpy(out.data(), body.data(), size);
    out = out.subspan(size);
    if (out.empty()) error = boost::beast::http::error::need_buffer;
    return size;
  }
  void on_finish_impl(error_code&) override {}

  bool in_body_ = false;
};

}  // namespace glaux::serve
