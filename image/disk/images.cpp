#include "image/disk/images.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <format>
#include <future>
#include <map>
#include <optional>
#include <sstream>

#include <boost/json.hpp>

#include "image/disk/grub.hpp"
#include "platform/file.hpp"

namespace stratify::image {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

// Raised when the same inputs would give another disk.
constexpr std::string_view kMaker = "disk 2";

Result<std::string> inputs_key(const ImagesOptions& options) {
  const auto& disk = options.disk;
  Sha256Stream key;
  key.field(kMaker).field(disk.commit.hex()).field(disk.ref).field(disk.stateroot).field(disk.compression);
  key.field(std::format("{} {} {}", disk.layout.size_mib, disk.layout.esp_mib, disk.layout.boot_mib));
  key.field(std::to_string(disk.layout.virtual_mib));
  key.field(std::format("{} {}", options.qcow2, static_cast<int>(options.compression)));
  for (const auto& argument : disk.kernel_arguments) key.field(argument);
  key.field(boot_configuration());
  key.field(TRY(Sha256::of_file(disk.boot_menu)).hex());
  key.field(TRY(Sha256::of_file(disk.grub_modules / "i386-pc/kernel.img")).hex());
  return key.finish().hex();
}

json::object to_json(const ImageFile& file) {
  return {{"name", file.name},
          {"format", file.format},
          {"bytes", file.bytes},
          {"stored_bytes", file.stored_bytes},
          {"sha256", file.sha256.hex()}};
}

json::object to_json(const Partition& partition) {
  return {{"label", partition.label},
          {"type", partition.type},
          {"id", partition.id},
          {"offset", partition.offset},
          {"bytes", partition.size}};
}

json::object to_json(const ImagesOptions& options, const Disk& disk, const std::vector<ImageFile>& files,
                     const std::string& key) {
  json::array partitions;
  for (const auto& partition : disk.layout.table.partitions) partitions.push_back(to_json(partition));
  json::array file_list;
  for (const auto& file : files) file_list.push_back(to_json(file));
  json::array arguments(options.disk.kernel_arguments.begin(), options.disk.kernel_arguments.end());
  return {{"name", options.name},
          {"version", options.version},
          {"commit", options.disk.commit.hex()},
          {"ref", options.disk.ref},
          {"deployment", disk.deployment},
          {"time", disk.time},
          {"kernel_arguments", arguments},
          {"disk",
           {{"id", disk.layout.table.disk}, {"bytes", disk.layout.table.size}, {"partitions", partitions}}},
          {"files", file_list},
          {"inputs", key}};
}

Result<ImageFile> file_from(const json::value& value) {
  return ImageFile{.name = json::value_to<std::string>(value.at("name")),
                   .format = json::value_to<std::string>(value.at("format")),
                   .bytes = value.at("bytes").to_number<std::uint64_t>(),
                   .stored_bytes = value.at("stored_bytes").to_number<std::uint64_t>(),
                   .sha256 = TRY(Sha256::parse(json::value_to<std::string>(value.at("sha256"))))};
}

// The files an earlier build made of the same inputs, when all of them are there. A manifest that cannot be
// read is no reason to stop: the files are made again.
std::optional<std::vector<ImageFile>> made_before(const fs::path& folder, const fs::path& manifest,
                                                  const std::string& key) {
  const auto text = read_file(manifest);
  if (!text) return std::nullopt;
  try {
    const auto value = json::parse(*text);
    if (json::value_to<std::string>(value.at("inputs")) != key) return std::nullopt;
    std::vector<ImageFile> files;
    for (const auto& entry : value.at("files").as_array()) {
      const auto file = file_from(entry);
      std::error_code error;
      if (!file || fs::file_size(folder / file->name, error) != file->bytes || error) return std::nullopt;
      files.push_back(*file);
    }
    return files;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

Result<ImageFile> describe(const fs::path& path, std::string format) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno_error("measure", path);
  return ImageFile{.name = path.filename(),
                   .format = std::move(format),
                   .bytes = static_cast<std::uint64_t>(status.st_size),
                   .stored_bytes = static_cast<std::uint64_t>(status.st_blocks) * 512,
                   .sha256 = TRY(Sha256::of_file(path))};
}

Result<ImageFile> make_qcow2(ProcessRunner& runner, const ImagesOptions& options, const fs::path& raw) {
  const std::string compression = options.compression == QcowCompression::kZlib ? "zlib" : "zstd";
  const auto qcow2 = options.folder / (options.name + ".qcow2");
  const auto part = qcow2.string() + ".part";
  TRY(run_checked(runner, {.arguments = {"qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "-m", "4",
                                         "-W", "-o", "compression_type=" + compression, raw, part}}));
  if (const auto mebibytes = options.disk.layout.virtual_mib; mebibytes != 0) {
    TRY(run_checked(runner, {.arguments = {"qemu-img", "resize", "-q", "-f", "qcow2", part,
                                           std::to_string(mebibytes) + "M"}}));
  }
  if (std::rename(part.c_str(), qcow2.c_str()) != 0) return errno_error("replace", qcow2);
  return describe(qcow2, "qcow2");
}

// SHA256SUMS as sha256sum(1) reads it: lines of files that are gone are dropped, ours are replaced.
Result<void> list_checksums(const fs::path& folder, const fs::path& manifest,
                            const std::vector<ImageFile>& files) {
  std::map<std::string, std::string> sums{{manifest.filename(), TRY(Sha256::of_file(manifest)).hex()}};
  for (const auto& file : files) sums[file.name] = file.sha256.hex();
  std::istringstream old(read_file(folder / "SHA256SUMS").value_or(""));
  for (std::string line; std::getline(old, line);) {
    if (line.size() < 67) continue;
    const auto name = line.substr(66);
    if (fs::exists(folder / name)) sums.emplace(name, line.substr(0, 64));
  }
  std::string text;
  for (const auto& [name, sum] : sums) text += sum + "  " + name + "\n";
  return write_file(folder / "SHA256SUMS", text);
}

// The raw disk's checksum is computed while qemu-img compresses: each keeps one core busy.
Result<std::vector<ImageFile>> finish_files(ProcessRunner& runner, const ImagesOptions& options,
                                            const fs::path& raw) {
  auto raw_file = std::async(std::launch::async, [&] { return describe(raw, "raw"); });
  std::vector<ImageFile> files;
  if (options.qcow2) {
    const auto qcow2 = make_qcow2(runner, options, raw);
    auto described = raw_file.get();
    files = {TRY(std::move(described)), TRY(qcow2)};
  } else {
    files = {TRY(raw_file.get())};
  }
  return files;
}

}  // namespace

Result<Images> make_images(ProcessRunner& runner, const ImagesOptions& options) {
  const auto key = TRY(inputs_key(options));
  const auto manifest = options.folder / (options.name + ".json");
  if (auto files = made_before(options.folder, manifest, key)) {
    TRY(list_checksums(options.folder, manifest, *files));
    return Images{.manifest = manifest, .files = *std::move(files), .cached = true};
  }
  auto disk_options = options.disk;
  disk_options.output = options.folder / (options.name + ".raw");
  const auto disk = TRY(write_disk(runner, disk_options));
  if (options.disk.on_step) options.disk.on_step(options.qcow2 ? "qcow2 and checksums" : "checksums");
  const auto files = TRY(finish_files(runner, options, disk_options.output));
  TRY(write_file(manifest, json::serialize(to_json(options, disk, files, key)) + "\n"));
  TRY(list_checksums(options.folder, manifest, files));
  return Images{.manifest = manifest, .files = files};
}

}  // namespace stratify::image
