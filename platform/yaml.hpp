// YAML documents read through tables of fields, so that every mistake is reported with file, line and column,
// what was expected and what was found.
//
//   const yaml::Fields<Suite> kSuite{yaml::required("name", &Suite::name, yaml::text()),
//                                    yaml::optional("only", &Suite::only, yaml::list(yaml::text()))};
//   yaml::read(file, yaml::map(kSuite))
#pragma once

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"

namespace stratify::yaml {

// A node and the file it stands in.
class Value {
 public:
  // kInvalidInput with the position where the text stops to be YAML, or when it holds several documents.
  [[nodiscard]] static Result<Value> parse(std::string_view text, std::string file_name);

  [[nodiscard]] const YAML::Node& node() const { return node_; }
  [[nodiscard]] Value at(const YAML::Node& node) const { return {node, file_name_}; }
  // The value of a key; one that is left out is placed where its key stands.
  [[nodiscard]] Value at(const YAML::Node& node, const YAML::Node& key) const;

  // "image/core.yaml:12:5", counted from 1.
  [[nodiscard]] std::string position() const;
  // "expected <what>, found <this>" at this position.
  [[nodiscard]] Unexpected expected(std::string_view what) const;
  [[nodiscard]] Unexpected wrong(std::string sentence) const;
  // The node in words: a list, a map, nothing, or its text in quotes.
  [[nodiscard]] std::string in_words() const;

 private:
  Value(const YAML::Node& node, std::shared_ptr<const std::string> file_name)
      : node_(node), file_name_(std::move(file_name)) {}
  YAML::Node node_;
  YAML::Mark mark_ = node_.Mark();
  std::shared_ptr<const std::string> file_name_;
};

// Makes a T of a node, or says what is wrong with it.
template <class T>
using Reader = std::function<Result<T>(const Value&)>;

// Text that is neither empty nor has control characters.
[[nodiscard]] Reader<std::string> text();

// Text for which fits is true; `what` completes "expected ...".
[[nodiscard]] Reader<std::string> text(std::string what, std::function<bool(std::string_view)> fits);

[[nodiscard]] Reader<std::string> one_of(std::vector<std::string> choices);

[[nodiscard]] Reader<std::uint64_t> number(std::uint64_t least, std::uint64_t most);

// Whole MiB of "512 MiB" or "4 GiB".
[[nodiscard]] Reader<std::uint64_t> mebibytes();

// A path that begins with "/" and has no "." or ".." in it.
[[nodiscard]] Reader<std::filesystem::path> absolute_path();

// Of all words the one that wrong was most likely meant to be, or empty when none is close.
[[nodiscard]] std::string nearest(std::string_view wrong, const std::vector<std::string>& words);

template <class T>
[[nodiscard]] Reader<std::vector<T>> list(Reader<T> item) {
  return [item = std::move(item)](const Value& value) -> Result<std::vector<T>> {
    if (!value.node().IsSequence()) return value.expected("a list");
    std::vector<T> result;
    for (const auto& node : value.node()) result.push_back(TRY(item(value.at(node))));
    return result;
  };
}

// A list in which nothing is named twice.
[[nodiscard]] Reader<std::vector<std::string>> unique_list(Reader<std::string> item);

// One key of a map and where its value goes.
template <class T>
struct Field {
  std::string key;
  bool required = false;
  std::function<Result<void>(T&, const Value&)> read;
};

template <class T>
using Fields = std::vector<Field<T>>;

template <class T, class Member>
[[nodiscard]] Field<T> optional(std::string key, Member T::* member, Reader<Member> reader) {
  return {std::move(key), false, [=](T& object, const Value& value) -> Result<void> {
            object.*member = TRY(reader(value));
            return {};
          }};
}

template <class T, class Member>
[[nodiscard]] Field<T> required(std::string key, Member T::* member, Reader<Member> reader) {
  auto field = optional(std::move(key), member, std::move(reader));
  field.required = true;
  return field;
}

// Makes fields of a part usable in the table of the whole.
template <class T, class Part>
[[nodiscard]] Fields<T> within(Part T::* part, const Fields<Part>& fields) {
  Fields<T> result;
  for (const auto& field : fields) {
    result.push_back({field.key, field.required, [part, read = field.read](T& object, const Value& value) {
                        return read(object.*part, value);
                      }});
  }
  return result;
}

// Checks a node's keys, before any value is read: a map, keys of text, each known, none twice, none missing.
[[nodiscard]] Result<void> check_keys(const Value& value, const std::vector<std::string>& known,
                                      const std::vector<std::string>& wanted);

// A map with exactly these fields, laid over a T of defaults.
template <class T>
[[nodiscard]] Reader<T> map(Fields<T> fields, T defaults = {}) {
  return [=](const Value& value) -> Result<T> {
    std::vector<std::string> known;
    std::vector<std::string> wanted;
    for (const auto& field : fields) {
      known.push_back(field.key);
      if (field.required) wanted.push_back(field.key);
    }
    TRY(check_keys(value, known, wanted));
    T result = defaults;
    for (const auto& entry : value.node()) {
      const auto field = std::ranges::find(fields, entry.first.Scalar(), &Field<T>::key);
      TRY(field->read(result, value.at(entry.second, entry.first)));
    }
    return result;
  };
}

// A map from free keys to text, as "KEY=value" in the order of the document.
[[nodiscard]] Reader<std::vector<std::string>> environment();

// The document of one file.
template <class T>
[[nodiscard]] Result<T> read(std::string_view document, std::string file_name, const Reader<T>& reader) {
  return reader(TRY(Value::parse(document, std::move(file_name))));
}

}  // namespace stratify::yaml
