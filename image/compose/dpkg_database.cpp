#include "image/compose/dpkg_database.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <ranges>
#include <sstream>

namespace stratify::image {

namespace {

constexpr std::string_view kDatabase = "/var/lib/dpkg";

std::string md5_of(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_md5(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += std::format("{:02x}", digest[i]);
  return hex;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::move(line));
  return lines;
}

// Every path of a package as dpkg lists them: "/." first, then absolute paths.
Result<void> append_paths(const ostree::Tree& tree, const std::string& folder, std::string& list) {
  for (const auto& name : TRY(tree.names(folder))) {
    const auto path = folder + "/" + name;
    list += path + "\n";
    const auto found = TRY(tree.find(path));
    if (found && found->kind == ostree::Kind::kFolder) TRY(append_paths(tree, path, list));
  }
  return {};
}

class Database {
 public:
  Database(const ostree::Repository& repository, ostree::Transaction& transaction, ostree::Tree& tree)
      : repository_(repository), transaction_(transaction), tree_(tree) {}

  Result<void> write(const std::vector<UnpackedPackage>& packages) {
    const auto folder = TRY(transaction_.write_folder({.mode = 0755}));
    for (const auto* name : {"/info", "/triggers", "/updates", "/alternatives"}) {
      TRY(tree_.ensure_folder(std::string(kDatabase) + name, folder));
    }
    for (const auto& package : packages) TRY(add(package));
    TRY(put("/status", status_));
    TRY(put("/available", ""));
    TRY(put("/info/format", "1\n"));
    TRY(put("/triggers/File", file_triggers_));
    for (const auto& [trigger, interested] : named_triggers_) TRY(put("/triggers/" + trigger, interested));
    return {};
  }

 private:
  Result<void> put(const std::string& path, std::string_view content, std::uint32_t mode = 0644) {
    const auto object = TRY(transaction_.write_file({.mode = mode}, content));
    return tree_.replace_file(std::string(kDatabase) + path, object);
  }

  Result<void> add(const UnpackedPackage& package) {
    const auto info = "/info/" + package.info_name() + ".";
    const auto control = TRY(ostree::Tree::of_commit(repository_, package.commit, "/control"));
    for (const auto& name : TRY(control.names("/"))) {
      const auto found = TRY(control.find(name));
      if (name != "control" && found)
        TRY(tree_.replace_file(std::string(kDatabase) + info + name, found->checksum));
    }
    const auto data = TRY(ostree::Tree::of_commit(repository_, package.commit, "/data"));
    std::string list = "/.\n";
    TRY(append_paths(data, "", list));
    TRY(put(info + "list", list));
    status_ += TRY(paragraph(package, control));
    return add_triggers(package, control);
  }

  Result<std::string> paragraph(const UnpackedPackage& package, const ostree::Tree& control) {
    const auto end_of_name = package.control.find('\n');
    auto text = package.control.substr(0, end_of_name) + "\nStatus: install ok unpacked" +
                package.control.substr(end_of_name);
    while (text.ends_with('\n')) text.pop_back();
    std::string conffiles;
    for (const auto& line : TRY(lines(package, control, "conffiles"))) {
      const auto found = line.starts_with('/') ? TRY(tree_.find(line)) : std::nullopt;
      if (!found || found->kind == ostree::Kind::kFolder) continue;
      conffiles += "\n " + line + " " + md5_of(TRY(repository_.read_object(found->checksum)));
    }
    if (!conffiles.empty()) text += "\nConffiles:" + conffiles;
    return text + "\n\n";
  }

  Result<void> add_triggers(const UnpackedPackage& package, const ostree::Tree& control) {
    for (const auto& line : TRY(lines(package, control, "triggers"))) {
      std::istringstream words(line.substr(0, line.find('#')));
      std::string directive;
      std::string trigger;
      words >> directive >> trigger;
      if (!directive.starts_with("interest") || trigger.empty()) continue;
      const auto who = package.info_name() + (directive.ends_with("-noawait") ? "/noawait" : "") + "\n";
      if (trigger.starts_with('/'))
        file_triggers_ += trigger + " " + who;
      else
        named_triggers_[trigger] += who;
    }
    return {};
  }

  Result<std::vector<std::string>> lines(const UnpackedPackage& package, const ostree::Tree& control,
                                         const std::string& file) {
    if (!TRY(control.find(file))) return std::vector<std::string>{};
    return lines_of(TRY(repository_.read_file(package.commit, "/control/" + file)));
  }

  const ostree::Repository& repository_;
  ostree::Transaction& transaction_;
  ostree::Tree& tree_;
  std::string status_;
  std::string file_triggers_;
  std::map<std::string, std::string> named_triggers_;
};

}  // namespace

std::string control_field(std::string_view paragraph, std::string_view field) {
  std::string value;
  bool inside = false;
  for (const auto part : std::views::split(paragraph, '\n')) {
    const std::string_view line(part.begin(), part.end());
    if (inside && (line.starts_with(' ') || line.starts_with('\t'))) {
      value += "\n" + std::string(line);
      continue;
    }
    if (inside) break;
    inside = line.size() > field.size() && line.starts_with(field) && line[field.size()] == ':';
    if (!inside) continue;
    const auto start = line.find_first_not_of(" \t", field.size() + 1);
    if (start != std::string_view::npos) value = line.substr(start);
  }
  return value;
}

std::string UnpackedPackage::info_name() const {
  return control_field(control, "Multi-Arch") == "same" ? name + ":" + control_field(control, "Architecture")
                                                        : name;
}

Result<void> write_dpkg_database(const ostree::Repository& repository, ostree::Transaction& transaction,
                                 ostree::Tree& tree, const std::vector<UnpackedPackage>& packages) {
  return Database(repository, transaction, tree).write(packages);
}

std::string without_packages(std::string_view status, const std::set<std::string>& names) {
  std::string kept;
  while (!status.empty()) {
    const auto end = status.find("\n\n");
    const auto paragraph = status.substr(0, end);
    if (!paragraph.empty() && !names.contains(control_field(paragraph, "Package"))) {
      kept += std::string(paragraph) + "\n\n";
    }
    status = end == std::string_view::npos ? std::string_view() : status.substr(end + 2);
  }
  return kept;
}

}  // namespace stratify::image
