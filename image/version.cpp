#include "image/version.hpp"

#include <atomic>
#include <format>
#include <mutex>
#include <optional>
#include <ranges>
#include <thread>

#include "image/compose/initramfs.hpp"
#include "image/compose/operating_system.hpp"
#include "image/sbom.hpp"
#include "platform/running_sysroot.hpp"

namespace stratify::image {

namespace {

std::vector<const TreeRecipe*> trees_of(const Manifest& manifest) {
  std::vector<const TreeRecipe*> trees = {&manifest.os};
  for (const auto& service : manifest.services) trees.push_back(&service.tree);
  return trees;
}

// Composes all trees, some at a time; each thread has a repository handle of its own. Results in the order of
// trees_of.
Result<std::vector<Sha256>> compose_all(const ComposeEnvironment& environment, const Manifest& manifest,
                                        const Lock& lock, unsigned threads) {
  const auto trees = trees_of(manifest);
  std::vector<std::optional<Result<Sha256>>> results(trees.size());
  std::atomic<std::size_t> next = 0;
  std::mutex speaking;
  const auto work = [&] {
    for (auto i = next++; i < trees.size(); i = next++) {
      const auto& name = trees[i]->name;
      results[i] = [&]() -> Result<Sha256> {
        const auto repository = TRY(ostree::Repository::open(environment.repository.path()));
        const ComposeEnvironment own{.repository = repository,
                                     .runner = environment.runner,
                                     .work = environment.work,
                                     .on_step =
                                         [&](std::string_view step) {
                                           const std::scoped_lock lock_speech(speaking);
                                           environment.on_step(std::format("{}: {}", name, step));
                                         },
                                     .on_packages = environment.on_packages};
        return compose_tree(own, *trees[i], lock.of_image(name));
      }();
    }
  };
  {
    std::vector<std::jthread> pool;
    pool.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) pool.emplace_back(work);
  }
  std::vector<Sha256> commits;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!*results[i]) return std::unexpected(results[i]->error().in("tree " + trees[i]->name));
    commits.push_back(**results[i]);
  }
  return commits;
}

class Assembly {
 public:
  Assembly(const ComposeEnvironment& environment, const Manifest& manifest, const Lock& lock,
           const SigningKey& key, const VersionOptions& options)
      : environment_(environment), manifest_(manifest), lock_(lock), key_(key), options_(options) {}

  Result<Version> run() {
    const auto trees = TRY(compose_all(environment_, manifest_, lock_, options_.threads));
    environment_.on_step("laying our files over the trees");
    auto laying = TRY(environment_.repository.begin());
    std::vector<ServiceTree> services;
    for (std::size_t i = 0; i < manifest_.services.size(); ++i) {
      const auto& recipe = manifest_.services[i];
      services.push_back({recipe, TRY(with_files(laying, trees[i + 1], recipe.tree))});
    }
    const auto os = TRY(with_files(laying, trees[0], manifest_.os));
    TRY(laying.commit());
    const auto initramfs = TRY(make_initramfs(environment_, os, options_.cache / "initramfs"));
    environment_.on_step("committing the version");
    auto transaction = TRY(environment_.repository.begin());
    auto tree = TRY(finish_operating_system(environment_, transaction, os, initramfs));
    Version version{.ref = std::format("openhaven/{}/{}", manifest_.architecture, manifest_.name),
                    .commit = os,
                    .images = TRY(write_container_store(environment_.repository, transaction, tree, services,
                                                        {.architecture = manifest_.architecture,
                                                         .version = manifest_.version,
                                                         .source_date = kSourceDate})),
                    .sbom = sbom(lock_, {.name = "openhaven-" + manifest_.name,
                                         .version = manifest_.version,
                                         .created = options_.source_date})};
    TRY(describe(transaction, tree, version));
    version.commit = TRY(commit(transaction, tree, version));
    TRY(key_.sign_commit(environment_.repository.path(), version.commit));
    return version;
  }

 private:
  Result<Sha256> with_files(ostree::Transaction& transaction, const Sha256& commit,
                            const TreeRecipe& recipe) {
    auto tree = TRY(ostree::Tree::of_commit(environment_.repository, commit));
    TRY(lay_files(transaction, tree, options_.origins, recipe.files));
    return transaction.write_commit(TRY(transaction.write_tree(tree)), {});
  }

  Result<void> put(ostree::Transaction& transaction, ostree::Tree& tree, const std::string& path,
                   std::string_view content) {
    TRY(tree.ensure_folder(path.substr(0, path.rfind('/')), TRY(transaction.write_folder({.mode = 0755}))));
    return tree.replace_file(path, TRY(transaction.write_file({}, content)));
  }

  // What the running machine and scanners read about itself. ID stays Debian's, because scanners match it
  // with Debian's advisories; os-release(5) has IMAGE_ID and VARIANT for what is built from a distribution.
  Result<void> describe(ostree::Transaction& transaction, ostree::Tree& tree, const Version& version) {
    const auto found = TRY(tree.find("/usr/lib/os-release"));
    if (!found)
      return fail(Category::kNotFound, "describe", "/usr/lib/os-release", "the OS has no base-files");
    std::string text;
    for (const auto part :
         std::views::split(TRY(environment_.repository.read_object(found->checksum)), '\n')) {
      const std::string line(part.begin(), part.end());
      if (!line.empty() && !line.starts_with("PRETTY_NAME=")) text += line + "\n";
    }
    text += std::format(
        "PRETTY_NAME=\"OpenHaven {0}\"\nVARIANT=OpenHaven\nVARIANT_ID=openhaven\nIMAGE_ID=openhaven-{1}\n"
        "IMAGE_VERSION={0}\n",
        manifest_.version, manifest_.name);
    TRY(put(transaction, tree, "/usr/lib/os-release", text));
    TRY(put(transaction, tree, ostree::kKernelArgumentsFile, lines(manifest_.kernel_arguments)));
    TRY(put(transaction, tree, "/usr/share/openhaven/sbom.spdx.json", version.sbom));
    return put(transaction, tree, "/usr/share/ostree/trusted.gpg.d/openhaven.gpg", key_.public_key());
  }

  Result<Sha256> commit(ostree::Transaction& transaction, const ostree::Tree& tree, const Version& version) {
    const auto release = TRY(kernel_release_of(tree));
    const auto checksum = TRY(transaction.write_commit(
        TRY(transaction.write_tree(tree)),
        {.subject = std::format("OpenHaven {} ({})", manifest_.version, manifest_.name),
         .timestamp = static_cast<std::uint64_t>(options_.source_date),
         .metadata = {{"version", manifest_.version},
                      {"ostree.bootable", true},
                      {"ostree.linux", release},
                      {"ostree.ref-binding", std::vector<std::string>{version.ref}},
                      {"openhaven.source", options_.source},
                      {"openhaven.lock", Sha256::of(to_yaml(lock_)).hex()}}}));
    transaction.set_ref(version.ref, checksum);
    TRY(transaction.commit());
    return checksum;
  }

  static std::string lines(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += word + "\n";
    return text;
  }

  static Result<std::string> kernel_release_of(const ostree::Tree& tree) {
    const auto names = TRY(tree.names("/usr/lib/modules"));
    return names.empty() ? std::string() : names[0];
  }

  const ComposeEnvironment& environment_;
  const Manifest& manifest_;
  const Lock& lock_;
  const SigningKey& key_;
  const VersionOptions& options_;
};

}  // namespace

Result<Version> make_version(const ComposeEnvironment& environment, const Manifest& manifest,
                             const Lock& lock, const SigningKey& key, const VersionOptions& options) {
  return Assembly(environment, manifest, lock, key, options).run();
}

}  // namespace stratify::image
