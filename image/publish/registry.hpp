// A registry is asked for the image a release is bound to, before machines are told to pull it.
#pragma once

#include <cstdint>
#include <string>

#include "platform/error.hpp"
#include "platform/process.hpp"
#include "release/channel.hpp"

namespace stratify::image {

// The compressed bytes of the image's layers and configuration, as its manifest lists them (OCI image
// specification 1.1). Of an index, those of the image for Linux on the architecture ("amd64"). Asks through
// skopeo(1), which heeds containers-registries.conf(5). kNotFound when the registry has no such image,
// kVerification when what it gives has another digest, kInvalidInput when that is no image or none for the
// architecture, kUnavailable when the registry does not answer.
[[nodiscard]] Result<std::uint64_t> bytes_in_registry(ProcessRunner& runner, const release::BoundImage& image,
                                                      const std::string& architecture);

}  // namespace stratify::image
