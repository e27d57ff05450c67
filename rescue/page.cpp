#include "rescue/page.hpp"

#include <format>

#include "platform/html.hpp"

namespace stratify::rescue {

namespace {

constexpr std::string_view kPage = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>OpenHaven needs you</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }}
</style>
<h1>This machine needs you</h1>
<p>{}</p>
<p>OpenHaven {} runs. Nothing is tried any more by itself, and your data is not touched.</p>
<h2>What you can do</h2>
<ol>
<li>Look at <a href="/journal.txt">what the machine wrote since it started</a>; the last lines are at the end.
<li>Take a copy of your data:
<ul>
{}</ul>
<li>Restart the machine. If its services become healthy, it goes on as before.
<li>When a newer version is published, <code>haven update</code> at the console takes it.
</ol>
</html>
)";

}  // namespace

std::string page_of(const Facts& facts) {
  std::string archives;
  for (const auto& archive : facts.archives)
    archives += std::format("<li><a href=\"/{0}.tar\">{0}.tar</a>, {1}\n", escape_html(archive.path), escape_html(archive.meaning));
  return std::format(kPage, escape_html(facts.story), escape_html(facts.version), archives);
}

}  // namespace stratify::rescue
