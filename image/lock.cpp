#include "image/lock.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <format>
#include <map>
#include <ranges>

#include "platform/file.hpp"
#include "platform/yaml.hpp"

namespace stratify::image {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLockLimit = 16U << 20U;
constexpr std::string_view kHead =
    "# Written by `stratify lock`; do not edit. Every package of every image, exactly.\n";
constexpr std::string_view kChecksumKey = "\nchecksum: ";

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

std::string to_time(std::int64_t seconds) {
  return std::format("{:%FT%TZ}", std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

// RFC 3339 in UTC, the one form that to_time() writes.
Result<std::int64_t> read_time(const yaml::Value& value) {
  constexpr std::string_view kWhat = "a time such as 2026-01-31T12:00:00Z";
  const auto text =
      TRY(yaml::text(std::string(kWhat), [](std::string_view found) { return found.size() == 20; })(value));
  const auto part = [&](std::size_t at, std::size_t count) {
    int number = -1;
    const auto* first = text.data() + at;
    const auto [end, error] = std::from_chars(first, first + count, number);
    return error == std::errc() && end == first + count ? number : -1;
  };
  const auto day = std::chrono::year(part(0, 4)) / part(5, 2) / part(8, 2);
  if (!day.ok()) return value.expected(kWhat);
  const auto time = std::chrono::sys_days(day) + std::chrono::hours(part(11, 2)) +
                    std::chrono::minutes(part(14, 2)) + std::chrono::seconds(part(17, 2));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  if (to_time(seconds) != text) return value.expected(kWhat);
  return seconds;
}

Result<Sha256> read_sha256(const yaml::Value& value) {
  const auto fits = [](std::string_view found) { return Sha256::parse(found).has_value(); };
  return Sha256::parse(TRY(yaml::text("64 lower-case hexadecimal digits", fits)(value)));
}

yaml::Reader<std::string> of_characters(std::string what, std::string allowed) {
  return yaml::text(std::move(what), [allowed = std::move(allowed)](std::string_view text) {
    return std::ranges::all_of(text, [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             allowed.contains(c);
    });
  });
}

// deb-version(7): no slash, so that it can stand in a file name.
yaml::Reader<std::string> version() { return of_characters("a version", ".+-~:"); }

yaml::Reader<std::string> pool_path() {
  return yaml::text("a path below pool/", [](std::string_view text) {
    return text.starts_with("pool/") && !text.contains("..") && !text.contains(' ') && text.ends_with(".deb");
  });
}

yaml::Reader<LockedPackage> locked_package() {
  constexpr std::uint64_t kLargest = 8ULL << 30U;
  const auto name = of_characters("a name", ".+-");
  return yaml::map<LockedPackage>(
      {
          yaml::required("name", &LockedPackage::name, name),
          yaml::required("version", &LockedPackage::version, version()),
          yaml::required("architecture", &LockedPackage::architecture, name),
          yaml::required("suite", &LockedPackage::suite, name),
          yaml::required("archive", &LockedPackage::archive, yaml::one_of({"debian", "debian-security"})),
          yaml::required("path", &LockedPackage::path, pool_path()),
          yaml::required("sha256", &LockedPackage::sha256, yaml::Reader<Sha256>(read_sha256)),
          yaml::required("size", &LockedPackage::size, yaml::number(1, kLargest)),
          yaml::required("images", &LockedPackage::images, yaml::unique_list(name)),
      },
      {.sha256 = Sha256::of("")});
}

// What the file holds beside the lock.
struct File {
  Lock lock;
  Sha256 checksum = Sha256::of("");
};

bool comes_before(const LockedPackage& a, const LockedPackage& b) {
  return std::tie(a.name, a.version) < std::tie(b.name, b.version);
}

Result<std::vector<LockedPackage>> read_packages(const yaml::Value& value) {
  auto packages = TRY(yaml::list(locked_package())(value));
  const auto stray =
      std::ranges::adjacent_find(packages, [](const auto& a, const auto& b) { return !comes_before(a, b); });
  if (stray == packages.end()) return packages;
  const auto index = static_cast<std::size_t>(stray - packages.begin()) + 1;
  return value.at(value.node()[index]).wrong(packages[index].name + " is out of order or listed twice");
}

yaml::Reader<File> file() {
  auto fields = yaml::within<File>(
      &File::lock, {
                       yaml::required("created", &Lock::created, yaml::Reader<std::int64_t>(read_time)),
                       yaml::required("request", &Lock::request, yaml::Reader<Sha256>(read_sha256)),
                       yaml::required("packages", &Lock::packages,
                                      yaml::Reader<std::vector<LockedPackage>>(read_packages)),
                   });
  fields.push_back(yaml::required("checksum", &File::checksum, yaml::Reader<Sha256>(read_sha256)));
  return yaml::map<File>(fields);
}

std::string line_of(const LockedPackage& package) {
  return std::format(
      "  - {{name: {}, version: \"{}\", architecture: {}, suite: {}, archive: {}, size: {}, images: [{}], "
      "sha256: {}, path: "
      "\"{}\"}}\n",
      package.name, package.version, package.architecture, package.suite, package.archive, package.size,
      joined(package.images), package.sha256.hex(), package.path);
}

void add_list(Sha256Stream& stream, const std::vector<std::string>& words) {
  stream.field(std::to_string(words.size()));
  for (const auto& word : words) stream.field(word);
}

void add_tree(Sha256Stream& stream, const TreeRecipe& tree) {
  stream.field(tree.name);
  auto packages = tree.packages;
  std::ranges::sort(packages);
  add_list(stream, packages);
}

}  // namespace

std::vector<LockedPackage> Lock::of_image(std::string_view image) const {
  return packages | std::views::filter([&](const auto& package) {
           return std::ranges::contains(package.images, image);
         }) |
         std::ranges::to<std::vector>();
}

Result<Lock> load_lock(const fs::path& path) { return parse_lock(TRY(read_file(path, kLockLimit)), path); }

Result<Lock> parse_lock(std::string_view text, const std::string& file_name) {
  auto result = TRY(yaml::read(text, file_name, file()));
  const auto key = text.rfind(kChecksumKey);
  const auto covered = key == std::string_view::npos ? text : text.substr(0, key + 1);
  if (result.checksum == Sha256::of(covered) &&
      text == std::string(covered) + "checksum: " + result.checksum.hex() + "\n") {
    return std::move(result.lock);
  }
  return fail(Category::kVerification, "use", file_name,
              "it was changed after it was written, its checksum does not match; restore it, or make it anew "
              "with `stratify lock`");
}

std::string to_yaml(const Lock& lock) {
  auto text = std::format("{}created: {}\nrequest: {}\npackages:\n", kHead, to_time(lock.created),
                          lock.request.hex());
  if (lock.packages.empty()) text.insert(text.size() - 1, " []");
  for (const auto& package : lock.packages) text += line_of(package);
  return text + "checksum: " + Sha256::of(text).hex() + "\n";
}

Result<void> save_lock(const Lock& lock, const fs::path& path) {
  return write_file_durably(path, to_yaml(lock));
}

Sha256 request_of(const Manifest& manifest) {
  Sha256Stream stream;
  stream.field("request 1").field(manifest.architecture);
  for (const auto& suite : manifest.suites) {
    stream.field(suite.name).field(suite.archive);
    add_list(stream, suite.components);
    add_list(stream, suite.only);
  }
  add_tree(stream, manifest.os);
  auto services = manifest.services;
  std::ranges::sort(services, {}, [](const auto& service) { return service.tree.name; });
  for (const auto& service : services) add_tree(stream, service.tree);
  return stream.finish();
}

Result<void> check_answers(const Lock& lock, const Manifest& manifest, const fs::path& lock_path) {
  if (lock.request == request_of(manifest)) return {};
  return fail(Category::kVerification, "use", lock_path,
              "the manifest has asked for other suites or packages since it was made; run `stratify lock`");
}

LockDifference diff_locks(const Lock& before, const Lock& after) {
  std::multimap<std::string_view, const LockedPackage*> old;
  for (const auto& package : before.packages) old.emplace(package.name, &package);
  LockDifference result;
  for (const auto& package : after.packages) {
    const auto range = std::ranges::subrange(old.lower_bound(package.name), old.upper_bound(package.name));
    if (range.empty()) {
      result.added.push_back(package);
      continue;
    }
    const auto same = std::ranges::find_if(
        range, [&](const auto& entry) { return entry.second->version == package.version; });
    const auto match = same == range.end() ? range.begin() : same;
    if (*match->second != package) result.changed.push_back({*match->second, package});
    old.erase(match);
  }
  for (const auto& [name, package] : old) result.removed.push_back(*package);
  return result;
}

std::string to_text(const LockDifference& difference) {
  std::multimap<std::string, std::string> lines;
  for (const auto& one : difference.added)
    lines.emplace(one.name, std::format("+ {} {} ({})\n", one.name, one.version, joined(one.images)));
  for (const auto& one : difference.removed)
    lines.emplace(one.name, std::format("- {} {} ({})\n", one.name, one.version, joined(one.images)));
  for (const auto& [from, to] : difference.changed) {
    const auto images =
        from.images == to.images ? joined(to.images) : joined(from.images) + " -> " + joined(to.images);
    const auto version = from.version == to.version ? to.version : from.version + " -> " + to.version;
    lines.emplace(to.name, std::format("~ {} {} ({})\n", to.name, version, images));
  }
  return lines | std::views::values | std::views::join | std::ranges::to<std::string>();
}

}  // namespace stratify::image
