// HTML pages from the templates in pages/, which are compiled in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/error.hpp"
#include "platform/html.hpp"
#include "stack/template.hpp"

namespace stratify::firstboot {

// A file of pages/ ("claim.html"), as it was at build time. A name that does not exist is a bug.
[[nodiscard]] std::string_view page_source(std::string_view name);

// The names a template may use. Every text is escaped on its way in, so a page cannot be made without.
class PageNames {
 public:
  PageNames& text(std::string name, std::string_view value);
  PageNames& truth(std::string name, bool value);
  PageNames& list(std::string name, std::vector<PageNames> entries);

  [[nodiscard]] const stack::TemplateNames& names() const { return names_; }

 private:
  stack::TemplateNames names_;
};

struct PageParts {
  std::string_view body;    // "claim.html"
  std::string_view script;  // "claim.js", or empty
  std::string title;
  int refresh_seconds = 0;  // reload without JavaScript, 0 for never
};

struct RenderedPage {
  std::string html;
  std::string content_security_policy;  // allows its own style and script by their hashes, and nothing else
};

[[nodiscard]] RenderedPage render_page(const PageParts& parts, const PageNames& names);

}  // namespace stratify::firstboot
