#include "platform/error.hpp"

#include <cerrno>
#include <system_error>

namespace stratify {

namespace {

Category category_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
      return Category::kNoSpace;
    case ENOENT:
      return Category::kNotFound;
    case EACCES:
    case EPERM:
      return Category::kPermission;
    case EEXIST:
    case EBUSY:
      return Category::kConflict;
    case ETIMEDOUT:
      return Category::kTimeout;
    default:
      return Category::kIo;
  }
}

}  // namespace

std::string_view to_string(Category category) {
  switch (category) {
    case Category::kInvalidInput:
      return "invalid-input";
    case Category::kNotFound:
      return "not-found";
    case Category::kVerification:
      return "verification";
    case Category::kConflict:
      return "conflict";
    case Category::kNoSpace:
      return "no-space";
    case Category::kPermission:
      return "permission";
    case Category::kTimeout:
      return "timeout";
    case Category::kUnavailable:
      return "unavailable";
    case Category::kIo:
      return "io";
    case Category::kCommandFailed:
      return "command-failed";
  }
  std::unreachable();
}

std::string Error::message() const {
  if (operation_.empty()) return object_.empty() ? cause_ : object_ + ": " + cause_;
  return (object_.empty() ? "" : object_ + ": ") + "cannot " + operation_ + ": " + cause_;
}

Error Error::in(std::string_view context) const { return {category_, "", std::string(context), message()}; }

Error Error::and_then_failed(const Error& second) const {
  return {category_, operation_, object_, cause_ + "; after that, " + second.message()};
}

Unexpected errno_error(std::string operation, std::string object) {
  return errno_error(std::move(operation), std::move(object), errno);
}

Unexpected errno_error(std::string operation, std::string object, int number) {
  return fail(category_of(number), std::move(operation), std::move(object),
              std::generic_category().message(number));
}

Unexpected fail(Category category, std::string operation, std::string object, std::string cause) {
  return Unexpected(Error(category, std::move(operation), std::move(object), std::move(cause)));
}

}  // namespace stratify
