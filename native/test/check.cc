#include "test/check.h"

#include <cstdio>
#include <vector>

namespace slotgate::test {
namespace {

constexpr int kPrintedPerTest = 5;

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& all_tests() {
  static std::vector<Test> tests;
  return tests;
}

int failures_of_running_test = 0;

}  // namespace

Registration::Registration(const char* name, void (*body)()) {
  all_tests().push_back({name, body});
}

void report_failure(const char* file, int line, const std::string& message) {
  ++failures_of_running_test;
  if (failures_of_running_test > kPrintedPerTest) return;
  std::printf("%s:%d: %s\n", file, line, message.c_str());
}

static int run_all() {
  int failed = 0;
  for (const Test& test : all_tests()) {
    failures_of_running_test = 0;
    test.body();
    if (failures_of_running_test == 0) continue;
    ++failed;
    std::printf("FAILED %s (%d checks)\n", test.name, failures_of_running_test);
  }
  std::printf("%d passed, %d failed\n", static_cast<int>(all_tests().size()) - failed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace slotgate::test

int main() { return slotgate::test::run_all(); }
