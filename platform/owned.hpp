// Ownership of C handles: one deleter, then one alias per handle type, next to the wrapper that uses it.
#pragma once

#include <memory>

namespace stratify {

template <auto kFree>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};

// using Archive = Owned<archive, archive_read_free>;
template <class T, auto kFree>
using Owned = std::unique_ptr<T, Deleter<kFree>>;

}  // namespace stratify
