#include "stack/template.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace stratify::stack {

namespace {

struct Tag {
  char sigil = 0;  // '#', '^', '/', '!' or 0 for a text
  std::string name;
  std::size_t begin = 0;  // of what the tag replaces: the tag, or its whole line when it stands alone
  std::size_t end = 0;
  std::size_t mark = 0;  // of the tag itself, for errors
};

constexpr std::string_view kBlank = " \t";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

class Filler {
 public:
  Filler(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  Result<std::string> fill_all(const TemplateNames& names) {
    scopes_.push_back(&names);
    std::string out;
    const auto end = TRY(fill_from(0, "", true, out));
    if (end != text_.size()) return wrong(end, "a section ends here that never began");
    return out;
  }

 private:
  [[nodiscard]] Unexpected wrong(std::size_t at, std::string cause) const {
    const auto before = std::string_view(text_).substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto start = before.rfind('\n');
    const auto column = at - (start == std::string_view::npos ? 0 : start + 1) + 1;
    return fail(Category::kInvalidInput, "",
                file_ + ":" + std::to_string(line) + ":" + std::to_string(column), std::move(cause));
  }

  // The next tag at or after from.
  [[nodiscard]] Result<std::optional<Tag>> next(std::size_t from) const {
    const auto open = text_.find("{{", from);
    if (open == std::string::npos) return std::nullopt;
    const auto close = text_.find("}}", open);
    if (close == std::string::npos) return wrong(open, "a tag begins here that never ends");
    auto name = text_.substr(open + 2, close - open - 2);
    Tag tag{.begin = open, .end = close + 2, .mark = open};
    if (!name.empty() && std::string_view("#^/!").contains(name[0])) {
      tag.sigil = name[0];
      name.erase(0, 1);
      widen_to_line(tag);
    }
    tag.name = trimmed(name);
    if (tag.name.empty()) return wrong(open, "a tag without a name");
    return tag;
  }

  void widen_to_line(Tag& tag) const {
    auto begin = tag.begin;
    auto end = tag.end;
    while (begin > 0 && kBlank.contains(text_[begin - 1])) --begin;
    while (end < text_.size() && kBlank.contains(text_[end])) ++end;
    if ((begin > 0 && text_[begin - 1] != '\n') || (end < text_.size() && text_[end] != '\n')) return;
    tag.begin = begin;
    tag.end = std::min(end + 1, text_.size());
  }

  [[nodiscard]] Result<const TemplateValue*> look_up(const Tag& tag) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = (*scope)->find(tag.name); found != (*scope)->end()) return &found->second;
    }
    return wrong(tag.mark, "nothing is called '" + tag.name + "' here");
  }

  // Copies text until the end of the text, or of the section called section; returns where that end tag ends,
  // or where a foreign end tag begins. With write false it only finds the end.
  Result<std::size_t> fill_from(std::size_t at, const std::string& section, bool write, std::string& out) {
    for (;;) {
      const auto tag = TRY(next(at));
      const auto upto = tag ? tag->begin : text_.size();
      if (write) out.append(text_, at, upto - at);
      if (!tag && section.empty()) return text_.size();
      if (!tag) return wrong(text_.size(), "the section '" + section + "' has no end");
      if (tag->sigil == '/' && tag->name == section) return tag->end;
      if (tag->sigil == '/' && section.empty()) return tag->mark;
      if (tag->sigil == '/')
        return wrong(tag->mark, "expected the end of '" + section + "', found '" + tag->name + "'");
      at = TRY(replace(*tag, write, out));
    }
  }

  Result<std::size_t> replace(const Tag& tag, bool write, std::string& out) {
    if (tag.sigil == '!') return tag.end;
    if (tag.sigil != 0) return section(tag, write, out);
    if (!write) return tag.end;
    const auto* value = TRY(look_up(tag));
    const auto* text = std::get_if<std::string>(&value->value);
    if (text == nullptr) return wrong(tag.mark, "'" + tag.name + "' is not a text");
    out += *text;
    return tag.end;
  }

  Result<std::size_t> section(const Tag& tag, bool write, std::string& out) {
    if (!write) return fill_from(tag.end, tag.name, false, out);
    const auto* value = TRY(look_up(tag));
    if (std::holds_alternative<std::string>(value->value)) {
      return wrong(tag.mark, "'" + tag.name + "' is a text, not a truth or a list");
    }
    static const std::vector<TemplateNames> kOnce(1);
    static const std::vector<TemplateNames> kNever;
    const auto* truth = std::get_if<bool>(&value->value);
    const auto& entries = truth == nullptr ? std::get<2>(value->value) : *truth ? kOnce : kNever;
    if (tag.sigil == '^') return fill_from(tag.end, tag.name, entries.empty(), out);
    std::size_t end = TRY(fill_from(tag.end, tag.name, false, out));
    for (const auto& entry : entries) {
      scopes_.push_back(&entry);
      end = TRY(fill_from(tag.end, tag.name, true, out));
      scopes_.pop_back();
    }
    return end;
  }

  const std::string& text_;
  const std::string& file_;
  std::vector<const TemplateNames*> scopes_;
};

}  // namespace

Result<std::string> fill(const std::string& text, const TemplateNames& names, const std::string& file) {
  return Filler(text, file).fill_all(names);
}

}  // namespace stratify::stack
