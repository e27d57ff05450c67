#include <iostream>

#include "image/cli/verb.hpp"

namespace stratify::image::cli {

namespace po = boost::program_options;
namespace fs = std::filesystem;

std::optional<std::string> Arguments::text(const std::string& option) const {
  if (!values_.contains(option)) return std::nullopt;
  return values_[option].as<std::string>();
}

std::optional<unsigned> Arguments::number(const std::string& option) const {
  if (!values_.contains(option)) return std::nullopt;
  return values_[option].as<unsigned>();
}

std::vector<std::string> Arguments::list(const std::string& option) const {
  if (!values_.contains(option)) return {};
  return values_[option].as<std::vector<std::string>>();
}

fs::path Arguments::lock() const { return text("lock").value_or(manifest().replace_extension(".lock")); }

fs::path Arguments::cache() const { return text("cache").value_or(output() / "cache"); }

std::vector<std::string> Arguments::operands() const { return list("operand"); }

void Arguments::result(std::string_view text, boost::json::object object) const {
  if (flag("json"))
    out_ << object << std::endl;
  else
    out_ << text << std::flush;
}

void add_mirror_option(po::options_description& options) {
  options.add_options()(
      "mirror", po::value<std::string>()->value_name("URL"),
      "address of the archive \"debian\", such as https://<host>/debian; its sibling \"debian-security\" is "
      "beside it. Default: the variable MIRROR, else this machine's apt configuration");
}

}  // namespace stratify::image::cli
