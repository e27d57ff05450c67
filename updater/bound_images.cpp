#include "updater/bound_images.hpp"

#include <format>

namespace stratify::updater {

Result<std::vector<BoundImage>> missing_images(ContainerImages& store,
                                               const std::vector<BoundImage>& images) {
  std::vector<BoundImage> missing;
  for (const auto& image : images)
    if (!TRY(store.has_image(image.name))) missing.push_back(image);
  return missing;
}

// Layers unpack to about twice what gzip made of them, and until an image is complete podman keeps what came
// beside what it unpacked.
std::uint64_t room_for(const std::vector<BoundImage>& images) {
  constexpr std::uint64_t kFactor = 3;
  std::uint64_t sum = 0;
  for (const auto& image : images) sum += kFactor * image.bytes;
  return sum;
}

Result<void> pull_missing(ContainerImages& store, const std::vector<BoundImage>& images,
                          const std::function<void(std::string_view)>& say) {
  const auto missing = TRY(missing_images(store, images));
  for (std::size_t i = 0; i < missing.size(); ++i) {
    say(std::format("fetching image {} of {}: {}", i + 1, missing.size(), missing[i].name));
    TRY(store.pull_image(missing[i].name));
  }
  return {};
}

}  // namespace stratify::updater
