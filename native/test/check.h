#pragma once

#include <sstream>
#include <string>

/// The tests' own small harness. A test is `TEST(says_what_holds) { … }` with CHECKs; check.cc
/// holds main(), which runs all tests of the program and prints "N passed, N failed" last.
namespace slotgate::test {

/// Adds a test to those that main() runs.
class Registration {
 public:
  Registration(const char* name, void (*body)());
};

/// Notes that the running test failed. Only the first failures of a test are printed.
void report_failure(const char* file, int line, const std::string& message);

template <typename Value>
std::string describe(const Value& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

template <typename Left, typename Right>
void check_equal(const Left& left, const Right& right, const char* expression, const char* file,
                 int line) {
  if (left == right) return;
  report_failure(file, line, std::string(expression) + "\n    " + describe(left) + "\n    " +
                                 describe(right));
}

}  // namespace slotgate::test

#define TEST(name)                                                       \
  static void name();                                                    \
  static const slotgate::test::Registration registration_##name(#name, name); \
  static void name()

#define CHECK(condition)                                                            \
  do {                                                                              \
    if (!(condition)) slotgate::test::report_failure(__FILE__, __LINE__, #condition); \
  } while (false)

#define CHECK_EQ(left, right) \
  slotgate::test::check_equal((left), (right), #left " == " #right, __FILE__, __LINE__)
