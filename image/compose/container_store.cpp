#include "image/compose/container_store.hpp"

#include <openssl/evp.h>

#include <chrono>
#include <format>

#include <boost/json.hpp>

namespace stratify::image {

namespace json = boost::json;

namespace {

constexpr std::string_view kStore = "/usr/lib/containers/storage";

std::string rfc3339(std::int64_t seconds) {
  return std::format("{:%FT%TZ}", std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

std::string base64(std::string_view data) {
  std::string text(4 * ((data.size() + 2) / 3) + 1, '\0');
  const auto size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(data.data()), static_cast<int>(data.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

json::array strings(const std::vector<std::string>& values) {
  json::array result;
  for (const auto& value : values) result.emplace_back(value);
  return result;
}

// The image configuration (OCI image specification, config.md).
std::string configuration(const ServiceRecipe& recipe, const std::string& diff_id,
                          const StoreOptions& options) {
  auto environment = recipe.environment;
  environment.insert(environment.begin(),
                     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  return json::serialize(json::object{
      {"created", rfc3339(options.source_date)},
      {"architecture", options.architecture},
      {"os", "linux"},
      {"config", json::object{{"User", recipe.user},
                              {"Env", strings(environment)},
                              {"Cmd", strings(recipe.command)},
                              {"WorkingDir", recipe.working_folder}}},
      {"rootfs", json::object{{"type", "layers"}, {"diff_ids", json::array{diff_id}}}},
      {"history",
       json::array{json::object{{"created", rfc3339(options.source_date)}, {"created_by", "stratify"}}}}});
}

std::string manifest(const std::string& config, const std::string& diff_id, std::uint64_t layer_size) {
  return json::serialize(json::object{
      {"schemaVersion", 2},
      {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
      {"config", json::object{{"mediaType", "application/vnd.oci.image.config.v1+json"},
                              {"digest", "sha256:" + Sha256::of(config).hex()},
                              {"size", config.size()}}},
      {"layers", json::array{json::object{{"mediaType", "application/vnd.oci.image.layer.v1.tar"},
                                          {"digest", diff_id},
                                          {"size", layer_size}}}}});
}

// A short name for the layer in the driver's l/ folder: 26 capital letters and digits, as overlay's mount
// options are bounded in length.
std::string link_name(const std::string& layer) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const auto hex = Sha256::of("link " + layer).hex();
  std::string name;
  for (std::size_t i = 0; i < 26; ++i) name += kAlphabet[std::stoul(hex.substr(2 * i, 2), nullptr, 16) % 32];
  return name;
}

class Store {
 public:
  Store(const ostree::Repository& repository, ostree::Transaction& transaction, ostree::Tree& os,
        const StoreOptions& options, Sha256 folder)
      : repository_(repository),
        transaction_(transaction),
        os_(os),
        options_(options),
        folder_(std::move(folder)) {}

  Result<StoredImage> add(const ServiceTree& service) {
    const auto root = TRY(repository_.root_of(service.commit));
    const auto layer = Sha256Stream().field(root.tree().hex()).field(root.folder().hex()).finish().hex();
    const auto diff_id = "sha256:" + layer;
    const auto size = TRY(size_of(service.commit));
    TRY(add_layer(service.commit, layer, diff_id, size));
    const auto config = configuration(service.recipe, diff_id, options_);
    const auto document = manifest(config, diff_id, size);
    const StoredImage image{.name = service.recipe.tree.name,
                            .reference = "localhost/openhaven/" + service.recipe.tree.name,
                            .digest = "sha256:" + Sha256::of(document).hex()};
    TRY(add_image(image, layer, config, document));
    return image;
  }

  // The lock files must be there: a read-only store cannot make them.
  Result<void> finish() {
    TRY(put("/overlay-layers/layers.json", json::serialize(layers_)));
    TRY(put("/overlay-images/images.json", json::serialize(images_)));
    for (const auto* name : {"/storage.lock", "/overlay-layers/layers.lock", "/overlay-images/images.lock"}) {
      TRY(put(name, ""));
    }
    return {};
  }

 private:
  Result<void> put(const std::string& path, std::string_view content) {
    const auto full = std::string(kStore) + path;
    TRY(os_.ensure_folder(full.substr(0, full.rfind('/')), folder_));
    return os_.replace_file(full, TRY(transaction_.write_file({}, content)));
  }

  Result<std::uint64_t> size_of(const Sha256& commit) {
    std::uint64_t size = 0;
    for (const auto& entry : TRY(repository_.list(commit))) size += entry.size;
    return size;
  }

  Result<void> add_layer(const Sha256& commit, const std::string& layer, const std::string& diff_id,
                         std::uint64_t size) {
    const auto folder = std::string(kStore) + "/overlay/" + layer;
    const auto root = TRY(repository_.find(commit, "/"));
    TRY(os_.ensure_folder(folder, folder_));
    TRY(os_.set_folder(folder + "/diff", root->checksum));
    TRY(os_.merge(repository_, commit, {.at = folder + "/diff"}));
    TRY(put("/overlay/" + layer + "/link", link_name(layer)));
    TRY(os_.ensure_folder(std::string(kStore) + "/overlay/l", folder_));
    TRY(os_.replace_file(std::string(kStore) + "/overlay/l/" + link_name(layer),
                         TRY(transaction_.write_symlink({}, "../" + layer + "/diff"))));
    layers_.push_back(json::object{{"id", layer},
                                   {"created", rfc3339(options_.source_date)},
                                   {"diff-digest", diff_id},
                                   {"diff-size", size}});
    return {};
  }

  Result<void> add_image(const StoredImage& image, const std::string& layer, const std::string& config,
                         const std::string& document) {
    const auto id = Sha256::of(config).hex();
    const std::vector<std::pair<std::string, std::string>> documents = {
        {"sha256:" + id, config}, {"manifest-" + image.digest, document}, {"manifest", document}};
    json::array names;
    json::object sizes;
    json::object digests;
    for (const auto& [name, content] : documents) {
      names.emplace_back(name);
      sizes[name] = content.size();
      digests[name] = "sha256:" + Sha256::of(content).hex();
      const bool plain = name.find(':') == std::string::npos;
      TRY(put("/overlay-images/" + id + "/" + (plain ? name : "=" + base64(name)), content));
    }
    images_.push_back(json::object{{"id", id},
                                   {"digest", image.digest},
                                   {"names", json::array{image.reference + ":" + options_.version}},
                                   {"layer", layer},
                                   {"metadata", "{}"},
                                   {"big-data-names", names},
                                   {"big-data-sizes", sizes},
                                   {"big-data-digests", digests},
                                   {"created", rfc3339(options_.source_date)}});
    return {};
  }

  const ostree::Repository& repository_;
  ostree::Transaction& transaction_;
  ostree::Tree& os_;
  const StoreOptions& options_;
  Sha256 folder_;
  json::array layers_;
  json::array images_;
};

}  // namespace

Result<std::vector<StoredImage>> write_container_store(const ostree::Repository& repository,
                                                       ostree::Transaction& transaction, ostree::Tree& os,
                                                       const std::vector<ServiceTree>& services,
                                                       const StoreOptions& options) {
  const auto folder = TRY(transaction.write_folder({.mode = 0755}));
  Store store(repository, transaction, os, options, folder);
  std::vector<StoredImage> images;
  json::object index;
  for (const auto& service : services) {
    images.push_back(TRY(store.add(service)));
    index[images.back().name] =
        json::object{{"reference", images.back().reference}, {"digest", images.back().digest}};
  }
  TRY(store.finish());
  TRY(os.ensure_folder("/usr/lib/openhaven", folder));
  TRY(os.replace_file("/usr/lib/openhaven/images.json",
                      TRY(transaction.write_file({}, json::serialize(index) + "\n"))));
  return images;
}

}  // namespace stratify::image
