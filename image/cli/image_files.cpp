#include "image/cli/image_files.hpp"

#include <algorithm>
#include <sstream>

#include <boost/json.hpp>

#include "platform/file.hpp"

namespace stratify::image::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::size_t kChecksumDigits = 64;
constexpr std::size_t kNameAt = kChecksumDigits + 2;  // a space, then a space or an asterisk

Result<ImageManifest> manifest_from(const json::value& value) {
  ImageManifest result{.commit = TRY(Sha256::parse(json::value_to<std::string>(value.at("commit")))),
                       .files = {}};
  for (const auto& file : value.at("files").as_array()) {
    result.files.insert_or_assign(json::value_to<std::string>(file.at("name")),
                                  TRY(Sha256::parse(json::value_to<std::string>(file.at("sha256")))));
  }
  return result;
}

}  // namespace

Result<ImageManifest> load_image_manifest(const fs::path& path) {
  const auto text = TRY(read_file(path));
  const auto other = fail(Category::kInvalidInput, "read", path, "it is not the manifest of an image");
  try {
    if (auto manifest = manifest_from(json::parse(text))) return manifest;
    return other;
  } catch (const std::exception&) {  // boost::json's way to say that it is another document
    return other;
  }
}

fs::path manifest_of(fs::path image) { return image.replace_extension(".json"); }

std::vector<fs::path> image_manifests(const fs::path& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error)) {
    if (file.path().extension() == ".json" && load_image_manifest(file.path())) result.push_back(file.path());
  }
  std::ranges::sort(result);
  return result;
}

Result<Checksums> load_checksums(const fs::path& folder) {
  const auto path = folder / "SHA256SUMS";
  if (!fs::exists(path)) {
    return fail(
        Category::kVerification, "verify", path,
        "there is no such list, though there are images; fetch it from where they came from, or remove them "
        "and run `stratify build`");
  }
  std::istringstream lines(TRY(read_file(path)));
  Checksums result;
  for (std::string line; std::getline(lines, line);) {
    const auto sum = Sha256::parse(line.substr(0, kChecksumDigits));
    if (!sum || line.size() <= kNameAt)
      return fail(Category::kVerification, "read", path, "not a checksum line: " + line);
    result.insert_or_assign(line.substr(kNameAt), *sum);
  }
  if (result.empty()) return fail(Category::kVerification, "verify", path, "it is empty and names no image");
  return result;
}

Result<void> check_listed(const Checksums& list, const fs::path& list_path, const fs::path& file,
                          const Sha256& found) {
  const auto entry = list.find(file.filename());
  if (entry == list.end()) {
    return fail(
        Category::kVerification, "verify", file,
        "expected " + list_path.string() + " to name it, it does not; its checksum is " + found.hex());
  }
  if (entry->second == found) return {};
  return fail(Category::kVerification, "verify", file,
              "expected the checksum " + entry->second.hex() + ", as " + list_path.string() +
                  " says, found " + found.hex());
}

}  // namespace stratify::image::cli
