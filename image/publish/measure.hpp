// What a commit is called and what it weighs, as its release says.
#pragma once

#include <span>

#include "platform/error.hpp"
#include "platform/ostree.hpp"
#include "release/channel.hpp"

namespace stratify::image {

// Version, ref, commit and timestamp; everything else is left open. kInvalidInput for a commit that is no
// version.
[[nodiscard]] Result<release::Release> describe_release(const ostree::Repository& repository,
                                                        const Sha256& commit);

// "amd64", by the ref.
[[nodiscard]] std::string architecture_of(const release::Release& release);

// Fills in objects and all sizes but those of updates, from a repository of mode archive.
[[nodiscard]] Result<void> weigh(const ostree::Repository& repository, release::Release& release);

// What an update from another release to this one takes, with a static delta when that is smaller than the
// objects; makes or removes the delta.
[[nodiscard]] Result<release::UpdateFrom> update_from(const ostree::Repository& repository,
                                                      const release::Release& before,
                                                      const release::Release& release);

}  // namespace stratify::image
