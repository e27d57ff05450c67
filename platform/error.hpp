// What went wrong, said so that a person can act on it.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace stratify {

// The decisions a caller may take; chosen by who must act, not by where it failed.
enum class Category {
  kInvalidInput,   // a file, argument or request is wrong: its author must change it
  kNotFound,       // the named thing does not exist
  kVerification,   // a checksum, signature or lock does not match: never use the object
  kConflict,       // somebody else holds or has changed it
  kNoSpace,        // the disk is full
  kPermission,     // not allowed
  kTimeout,        // a bounded wait ended
  kUnavailable,    // the network, a service or a program did not answer
  kIo,             // the operating system refused
  kCommandFailed,  // a program we ran ended with an error
};

// The category as one lower-case word with hyphens, for machine-readable output.
[[nodiscard]] std::string_view to_string(Category category);

// One failure. operation is what was attempted ("read", "verify"), object is what it concerned (a path, a
// package, a unit), cause says why and, where it helps, what to do next.
class [[nodiscard]] Error {
 public:
  Error(Category category, std::string operation, std::string object, std::string cause)
      : category_(category),
        operation_(std::move(operation)),
        object_(std::move(object)),
        cause_(std::move(cause)) {}

  [[nodiscard]] Category category() const { return category_; }
  [[nodiscard]] const std::string& operation() const { return operation_; }
  [[nodiscard]] const std::string& object() const { return object_; }
  [[nodiscard]] const std::string& cause() const { return cause_; }

  // "object: cannot operation: cause", the form every program prints.
  [[nodiscard]] std::string message() const;

  // The same failure, seen from a larger operation: its message leads with the context.
  [[nodiscard]] Error in(std::string_view context) const;

  // A second failure while handling the first, neither lost.
  [[nodiscard]] Error and_then_failed(const Error& second) const;

  friend bool operator==(const Error&, const Error&) = default;

 private:
  Category category_;
  std::string operation_;
  std::string object_;
  std::string cause_;
};

template <class T>
using Result = std::expected<T, Error>;

using Unexpected = std::unexpected<Error>;

// An Error for the errno of the call that has just failed (errno(3)); ENOSPC, ENOENT, EACCES and EEXIST keep
// their category.
[[nodiscard]] Unexpected errno_error(std::string operation, std::string object);
[[nodiscard]] Unexpected errno_error(std::string operation, std::string object, int number);

[[nodiscard]] Unexpected fail(Category category, std::string operation, std::string object,
                              std::string cause);

}  // namespace stratify

// TRY(expression) yields the value of a Result or returns its Error from the calling function. May be nested.
#define TRY(expression) STRATIFY_TRY(expression, STRATIFY_JOIN(stratify_try_result_, __COUNTER__))
#define STRATIFY_JOIN(left, right) STRATIFY_JOIN_(left, right)
#define STRATIFY_JOIN_(left, right) left##right
#define STRATIFY_TRY(expression, result)                            \
  __extension__({                                                   \
    auto result = (expression);                                     \
    if (!result) return std::unexpected(std::move(result).error()); \
    std::move(result).operator*();                                  \
  })
