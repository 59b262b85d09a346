#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/base/status.h"

// Assertions over Status and Result, in the manner of Arrow's own testing library, which the wheel does not ship.

#define GLAUX_CONCAT_INNER(a, b) a##b
#define GLAUX_CONCAT(a, b) GLAUX_CONCAT_INNER(a, b)

#define ASSERT_OK(expression)                                                    \
  do {                                                                           \
    const ::arrow::Status glaux_status = ::glaux::testing::ToStatus(expression); \
    ASSERT_TRUE(glaux_status.ok()) << glaux_status.ToString();                   \
  } while (false)

#define EXPECT_OK(expression)                                                    \
  do {                                                                           \
    const ::arrow::Status glaux_status = ::glaux::testing::ToStatus(expression); \
    EXPECT_TRUE(glaux_status.ok()) << glaux_status.ToString();                   \
  } while (false)

#define GLAUX_ASSERT_OK_AND_ASSIGN_IMPL(result, lhs, expression) \
  auto&& result = (expression);                                  \
  ASSERT_TRUE((result).ok()) << (result).status().ToString();    \
  lhs = std::move(result).ValueUnsafe()

/// ASSERT_OK_AND_ASSIGN(auto value, Call());
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  GLAUX_ASSERT_OK_AND_ASSIGN_IMPL(GLAUX_CONCAT(glaux_result_, __COUNTER__), lhs, expression)

/// The call fails with this kind, and the message holds `part`.
#define ASSERT_FAILS(kind_, part, expression)                                                                         \
  do {                                                                                                                \
    const ::arrow::Status glaux_status = ::glaux::testing::ToStatus(expression);                                      \
    ASSERT_FALSE(glaux_status.ok()) << "expected an error, and it succeeded";                                         \
    ASSERT_EQ(::glaux::KindName(::glaux::KindOf(glaux_status)), ::glaux::KindName(kind_)) << glaux_status.ToString(); \
    ASSERT_THAT(glaux_status.message(), ::testing::HasSubstr(part));                                                  \
  } while (false)

namespace glaux::testing {

inline Status ToStatus(const Status& status) { return status; }
template <typename T>
Status ToStatus(const Result<T>& result) {
  return result.status();
}

}  // namespace glaux::testing
