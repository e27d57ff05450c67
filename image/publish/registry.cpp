#include "image/publish/registry.hpp"

#include <format>

#include <boost/json.hpp>

#include "platform/sha256.hpp"

namespace stratify::image {

namespace {

namespace json = boost::json;

Unexpected unusable(Category category, const std::string& name, std::string cause) {
  return fail(category, "bind the image", name, std::move(cause));
}

// time="..." level=fatal msg="..." is what skopeo writes last.
std::string sentence_of(std::string_view err) {
  const auto message = err.rfind(" msg=");
  if (message != std::string_view::npos) err.remove_prefix(message + 5);
  while (err.ends_with('\n')) err.remove_suffix(1);
  return std::string(err);
}

// The manifest's bytes. skopeo does not compare them with the digest when it is asked for them raw.
Result<std::string> manifest_of(ProcessRunner& runner, const std::string& reference,
                                const std::string& digest) {
  const auto name = reference + "@" + digest;
  // Without the publisher's passwords, since machines have none.
  const auto output =
      TRY(runner.run({.arguments = {"skopeo", "inspect", "--raw", "--no-creds", "docker://" + name}}));
  constexpr int kNoSuchImage = 2;
  if (output.exit_code == kNoSuchImage) {
    return unusable(
        Category::kNotFound, name,
        "the registry has no image with this digest; push it there first, and name the digest that "
        "the push printed");
  }
  if (output.exit_code != 0) {
    return unusable(Category::kUnavailable, name,
                    "the registry does not answer as one: " + sentence_of(output.err) +
                        "; check the name, and that one can pull from it without logging in");
  }
  if ("sha256:" + Sha256::of(output.out).hex() == digest) return output.out;
  return unusable(Category::kVerification, name,
                  "what the registry gives has another digest; push the image again");
}

bool is_for(const json::value& entry, const std::string& architecture) {
  const auto& platform = entry.at("platform");
  return platform.at("os").as_string() == "linux" && platform.at("architecture").as_string() == architecture;
}

// Of an index, the digest of the image for the architecture.
std::string entry_for(const json::value& index, const std::string& architecture) {
  for (const auto& entry : index.at("manifests").as_array())
    if (is_for(entry, architecture)) return std::string(entry.at("digest").as_string());
  throw std::invalid_argument("it holds no image for linux on " + architecture);
}

std::uint64_t sum_of(const json::value& manifest) {
  auto sum = manifest.at("config").at("size").to_number<std::uint64_t>();
  for (const auto& layer : manifest.at("layers").as_array())
    sum += layer.at("size").to_number<std::uint64_t>();
  return sum;
}

}  // namespace

Result<std::uint64_t> bytes_in_registry(ProcessRunner& runner, const release::BoundImage& image,
                                        const std::string& architecture) {
  try {
    auto manifest = json::parse(TRY(manifest_of(runner, image.reference, image.digest)));
    if (manifest.as_object().contains("manifests"))
      manifest = json::parse(TRY(manifest_of(runner, image.reference, entry_for(manifest, architecture))));
    return sum_of(manifest);
  } catch (const std::exception& error) {
    return unusable(Category::kInvalidInput, image.reference + "@" + image.digest,
                    std::format("it is not an image that machines can run: {}", error.what()));
  }
}

}  // namespace stratify::image
