// The images of a version that are not inside its commit: in podman's store before the version is staged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/error.hpp"
#include "platform/podman.hpp"
#include "updater/record.hpp"

namespace stratify::updater {

// Those of images that podman's store does not hold yet.
[[nodiscard]] Result<std::vector<BoundImage>> missing_images(ContainerImages& store,
                                                             const std::vector<BoundImage>& images);

// Bytes of disk that pulling them takes, at most. Nothing for one whose size is not known.
[[nodiscard]] std::uint64_t room_for(const std::vector<BoundImage>& images);

// Pulls those that are missing, in their order, and says which. Ends at the first failure, as
// ContainerImages::pull_image tells it; what has arrived stays.
[[nodiscard]] Result<void> pull_missing(ContainerImages& store, const std::vector<BoundImage>& images,
                                        const std::function<void(std::string_view)>& say);

}  // namespace stratify::updater
