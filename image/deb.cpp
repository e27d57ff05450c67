#include "image/deb.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <ranges>
#include <unordered_map>

#include "image/deb_container.hpp"

namespace stratify::image {

namespace {

Unexpected refuse(std::string_view member, std::string cause) {
  return fail(Category::kInvalidInput, "unpack", std::string(member), std::move(cause));
}

// A member's path as "/usr/bin/ls", from "./usr/bin/ls", "usr/bin/ls" or, for a folder, with a slash at the
// end.
Result<std::string> clean_path(std::string_view path, std::string_view member, const DebLimits& limits) {
  const auto bad = [&](std::string cause) { return refuse(member.substr(0, 200), std::move(cause)); };
  if (path.empty()) return bad("it has no name");
  if (path.starts_with('/')) return bad("its path is absolute");
  if (path.contains('\n')) return bad("its path holds a newline");
  if (path.size() > limits.path_bytes)
    return bad("its path is longer than " + std::to_string(limits.path_bytes));
  if (path == ".") return "/";
  if (path.starts_with("./")) path.remove_prefix(2);
  if (path.ends_with('/')) path.remove_suffix(1);
  if (path.empty()) return "/";
  std::size_t depth = 0;
  for (const auto part : std::views::split(path, '/')) {
    const std::string_view name(part);
    if (name == "..") return bad("its path climbs with '..'");
    if (name.empty() || name == ".") return bad("its path has an empty part or '.'");
    if (name.size() > 255) return bad("a part of its path is longer than 255");
    if (depth++ > limits.depth) return bad("it is deeper than " + std::to_string(limits.depth) + " folders");
  }
  return "/" + std::string(path);
}

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Whether a symlink at path leads above the root by its own text.
bool climbs_out(std::string_view path, std::string_view target) {
  if (target.starts_with('/')) path = "/";
  auto depth = std::ranges::count(parent_of(path), '/');
  if (parent_of(path) == "/") depth = 0;
  for (const auto part : std::views::split(target, '/')) {
    const std::string_view name(part);
    if (name.empty() || name == ".") continue;
    depth += name == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

Result<void> check_attributes(const TarMember& member) {
  constexpr std::uint32_t kHighestId = 65535;
  constexpr std::size_t kXattrBytes = 64U << 10U;
  const auto& attributes = member.attributes;
  if (attributes.uid > kHighestId || attributes.gid > kHighestId) {
    return refuse(member.path, "its owner is above " + std::to_string(kHighestId));
  }
  if (member.has_acl) return refuse(member.path, "it has access control lists");
  for (const auto& [name, value] : attributes.xattrs) {
    // user.overlay.* would be read as instructions by an overlay file system.
    const bool known =
        name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay."));
    if (!known) return refuse(member.path, "it has the extended attribute " + name);
    if (value.size() > kXattrBytes)
      return refuse(member.path, "its extended attribute " + name + " is too large");
  }
  return {};
}

// The data archive, member by member.
class DataReader {
 public:
  DataReader(TarReader& archive, DebSink& sink, const DebLimits& limits)
      : archive_(archive), sink_(sink), limits_(limits) {}

  Result<void> read() {
    while (const auto member = TRY(archive_.next())) {
      if (kinds_.size() >= limits_.members) {
        return refuse(member->path,
                      "the package has more than " + std::to_string(limits_.members) + " members");
      }
      TRY(read_member(*member));
    }
    if (kinds_.empty()) return refuse("data.tar", "it is empty");
    return {};
  }

 private:
  using Kind = TarMember::Kind;

  Result<void> read_member(const TarMember& member) {
    const auto path = TRY(clean_path(member.path, member.path, limits_));
    TRY(check_place(member, path));
    TRY(check_attributes(member));
    kinds_.emplace(path, member.kind);
    switch (member.kind) {
      case Kind::kFolder:
        return sink_.folder(path, member.attributes);
      case Kind::kSymlink:
        return read_symlink(member, path);
      case Kind::kHardLink:
        return read_hard_link(member, path);
      case Kind::kFile:
        return read_file(member, path);
      case Kind::kOther:
        break;
    }
    return refuse(member.path, "devices, pipes and sockets are not part of packages");
  }

  Result<void> check_place(const TarMember& member, const std::string& path) const {
    if (path == "/") {
      if (member.kind == Kind::kFolder && kinds_.empty()) return {};
      return refuse(member.path, "the root must be the first member, and a folder");
    }
    if (kinds_.contains(path)) return refuse(member.path, "it comes twice");
    const auto parent = kinds_.find(std::string(parent_of(path)));
    if (parent == kinds_.end()) return refuse(member.path, "its folder does not come before it");
    if (parent->second == Kind::kFolder) return {};
    return refuse(member.path, parent->second == Kind::kSymlink
                                   ? "it goes through a symbolic link of the package"
                                   : "it is below a file of the package");
  }

  Result<void> read_symlink(const TarMember& member, const std::string& path) {
    if (member.target.empty() || member.target.size() > limits_.path_bytes) {
      return refuse(member.path, "its target is empty or too long");
    }
    if (climbs_out(path, member.target)) {
      return refuse(member.path, "it links out of the tree: " + member.target);
    }
    return sink_.symlink(path, member.attributes, member.target);
  }

  Result<void> read_hard_link(const TarMember& member, const std::string& path) {
    const auto target = TRY(clean_path(member.target, member.path, limits_));
    const auto found = kinds_.find(target);
    if (found == kinds_.end() || (found->second != Kind::kFile && found->second != Kind::kHardLink) ||
        target == path) {
      return refuse(member.path, "it is a hard link to " + member.target + ", which is no earlier file");
    }
    return sink_.hard_link(path, target);
  }

  Result<void> read_file(const TarMember& member, const std::string& path) {
    if (member.size > limits_.file_bytes || member.size > limits_.data_bytes - announced_) {
      return refuse(member.path, "its size of " + std::to_string(member.size) + " bytes is absurd");
    }
    announced_ += member.size;
    TRY(sink_.begin_file(path, member.attributes, member.size));
    auto left = member.size;
    for (;;) {
      const auto data = TRY(archive_.read());
      if (data.empty()) break;
      if (data.size() > left) return refuse(member.path, "it has more content than announced");
      left -= data.size();
      TRY(sink_.write(data));
    }
    if (left != 0) return refuse(member.path, std::to_string(left) + " bytes of its content are missing");
    return sink_.end_file();
  }

  TarReader& archive_;
  DebSink& sink_;
  const DebLimits& limits_;
  std::unordered_map<std::string, Kind> kinds_;
  std::uint64_t announced_ = 0;
};

struct ControlFile {
  Attributes attributes;
  std::string content;
};
using ControlFiles = std::map<std::string, ControlFile>;

Result<std::string> read_content(TarReader& archive) {
  std::string content;
  for (;;) {
    const auto data = TRY(archive.read());
    if (data.empty()) return content;
    content += data;
  }
}

// The control archive is flat: a folder "./" and files.
Result<std::string> control_name(const TarMember& member, const DebLimits& limits) {
  const auto path = TRY(clean_path(member.path, member.path, limits));
  if (member.kind != TarMember::Kind::kFile)
    return refuse(member.path, "a control file must be a plain file");
  if (path.find('/', 1) != std::string::npos) return refuse(member.path, "control files have no folders");
  TRY(check_attributes(member));
  return path.substr(1);
}

Result<ControlFiles> read_control(TarReader& archive, const DebLimits& limits) {
  constexpr std::size_t kMost = 1000;
  ControlFiles files;
  std::uint64_t announced = 0;
  while (const auto member = TRY(archive.next())) {
    if (member->kind == TarMember::Kind::kFolder &&
        TRY(clean_path(member->path, member->path, limits)) == "/")
      continue;
    const auto name = TRY(control_name(*member, limits));
    if (files.contains(name)) return refuse(member->path, "it comes twice");
    if (files.size() >= kMost) return refuse(member->path, "the package has too many control files");
    // A sparse member may announce far more than the archive holds.
    if (member->size > limits.control_bytes - announced) {
      return refuse(member->path, "its size of " + std::to_string(member->size) + " bytes is absurd");
    }
    announced += member->size;
    files.emplace(name, ControlFile{.attributes = member->attributes, .content = TRY(read_content(archive))});
  }
  return files;
}

Result<Compression> compression_of(std::string_view member, std::string_view archive) {
  constexpr std::array<std::pair<std::string_view, Compression>, 4> kKnown{{{"", Compression::kNone},
                                                                            {".gz", Compression::kGzip},
                                                                            {".xz", Compression::kXz},
                                                                            {".zst", Compression::kZstd}}};
  if (member.starts_with(archive)) {
    for (const auto& [suffix, compression] : kKnown) {
      if (member.substr(archive.size()) == suffix) return compression;
    }
  }
  return refuse(member, "expected " + std::string(archive) + ", plain or with .gz, .xz or .zst");
}

// Opens the next member of the container as the archive it has to be, and has it read to its end.
template <class Read>
auto read_archive(DebContainer& container, std::string_view archive, std::uint64_t limit, Read read)
    -> decltype(read(std::declval<TarReader&>())) {
  const auto member = TRY(container.next());
  if (!member) return refuse(archive, "it is missing");
  const auto compression = TRY(compression_of(*member, archive));
  const auto in_member = [&](const Error& error) {
    return std::unexpected(error.object().empty() ? error.in(*member) : error);
  };
  auto expanded = decompress(container.content(), compression, limit);
  if (!expanded) return in_member(expanded.error());
  auto reader = TarReader::create(**expanded);
  if (!reader) return in_member(reader.error());
  auto result = read(*reader);
  if (!result) return in_member(result.error());
  return result;
}

Result<void> read_format(DebContainer& container) {
  TRY(container.open());
  const auto member = TRY(container.next());
  if (member != "debian-binary")
    return refuse(member.value_or("debian-binary"), "the first member must be debian-binary");
  std::string version;
  for (;;) {
    const auto piece = TRY(container.content().next());
    if (piece.empty()) break;
    version += piece;
    if (version.size() > 16) break;
  }
  if (!version.starts_with("2.") || !version.ends_with('\n') || container.left() != 0) {
    return refuse("debian-binary", "only format 2 is known");
  }
  return {};
}

}  // namespace

Result<Control> read_deb(ByteSource& source, DebSink& sink, const DebLimits& limits) {
  DebContainer container(source);
  TRY(read_format(container));
  const auto files = TRY(read_archive(container, "control.tar", limits.control_bytes,
                                      [&](TarReader& archive) { return read_control(archive, limits); }));
  const auto control_file = files.find("control");
  if (control_file == files.end()) return refuse("control.tar", "it holds no control file");
  auto control = TRY(Control::parse(control_file->second.content));
  for (const auto& [name, file] : files) TRY(sink.control_file(name, file.attributes, file.content));
  TRY(read_archive(container, "data.tar", limits.data_bytes,
                   [&](TarReader& archive) { return DataReader(archive, sink, limits).read(); }));
  if (const auto extra = TRY(container.next())) return refuse(*extra, "nothing may follow data.tar");
  return control;
}

}  // namespace stratify::image
