#include "platform/apt.hpp"

#include <apt-pkg/acquire-item.h>
#include <apt-pkg/acquire.h>
#include <apt-pkg/aptconfiguration.h>
#include <apt-pkg/cachefile.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/debversion.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/edsp.h>
#include <apt-pkg/error.h>
#include <apt-pkg/hashes.h>
#include <apt-pkg/indexfile.h>
#include <apt-pkg/init.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/pkgcache.h>
#include <apt-pkg/pkgrecords.h>
#include <apt-pkg/pkgsystem.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/strutl.h>
#include <apt-pkg/update.h>
#include <apt-pkg/version.h>

#include <algorithm>
#include <format>
#include <map>
#include <ranges>
#include <set>

#include "platform/file.hpp"

namespace stratify::apt {

namespace fs = std::filesystem;

namespace {

std::string on_one_line(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool space = c == '\n' || c == ' ';
    if (!space || (!result.empty() && result.back() != ' ')) result += space ? ' ' : c;
  }
  while (result.ends_with(' ')) result.pop_back();
  return result;
}

// Everything libapt-pkg has noted since the last call, as one line.
std::string pending_messages() {
  std::string text;
  while (!_error->empty(GlobalError::WARNING)) {
    std::string message;
    _error->PopMessage(message);
    text += (text.empty() ? "" : "; ") + on_one_line(message);
  }
  _error->Discard();
  return text;
}

// The one place where libapt-pkg's errors become ours.
Unexpected apt_error(Category category, std::string operation, std::string object) {
  auto cause = pending_messages();
  return fail(category, std::move(operation), std::move(object), cause.empty() ? "no reason given" : cause);
}

// Points all of libapt-pkg's state below one folder and leaves out the machine's configuration.
Result<void> configure(const fs::path& folder, const std::string& architecture) {
  ::unsetenv("APT_CONFIG");
  _config->Clear();
  _config->Set("Dir", folder.string());
  _config->Set("Dir::State", "state");
  _config->Set("Dir::State::status", "status");
  _config->Set("Dir::Cache", "cache");
  _config->Set("Dir::Etc", "etc");
  _config->Set("Dir::Log", "/dev/null");
  _config->Set("APT::Architecture", architecture);
  _config->Set("APT::Architectures::", architecture);
  _config->Set("APT::Install-Recommends", false);
  _config->Set("APT::Install-Suggests", false);
  _config->Set("APT::Sandbox::User", "root");  // the folder may be closed to the user _apt
  _config->Set("Acquire::Languages", "none");
  _config->Set("Acquire::PDiffs", false);
  _config->Set("Acquire::Retries", 3);
  _config->Set("Acquire::AllowInsecureRepositories", false);
  _config->Set("Acquire::AllowWeakRepositories", false);
  _config->Set("Acquire::AllowDowngradeToInsecureRepositories", false);
  if (!pkgInitConfig(*_config) || !pkgInitSystem(*_config, _system)) {
    return apt_error(Category::kIo, "set up apt in", folder);
  }
  _config->Set("Dir::Cache::pkgcache", "");  // kept caches are told apart by size and second only
  _config->Set("Dir::Cache::srcpkgcache", "");
  APT::Configuration::getArchitectures(false);  // drops what an earlier configuration left in its caches
  APT::Configuration::getLanguages(false);
  return {};
}

// sources.list(5), deb822 style.
std::string to_deb822(const Source& source, const std::string& architecture) {
  const auto components = source.components | std::views::join_with(' ') | std::ranges::to<std::string>();
  return std::format("Types: deb\nURIs: {}\nSuites: {}\nComponents: {}\nArchitectures: {}\nSigned-By: {}\n\n",
                     source.uri, source.suite, components, architecture, source.keyring.string());
}

Result<void> lay_out(const ArchiveOptions& options) {
  for (const auto* folder : {"state/lists/partial", "cache/archives/partial", "etc/apt.conf.d",
                             "etc/preferences.d", "etc/sources.list.d"}) {
    TRY(make_folders(options.folder / folder));
  }
  std::string stanzas;
  for (const auto& source : options.sources) {
    if (!fs::exists(source.keyring)) {
      return fail(Category::kNotFound, "read the keyring of " + source.suite, source.keyring,
                  "no such file; install the package that holds it or correct `keyring`");
    }
    stanzas += to_deb822(source, options.architecture);
  }
  TRY(write_file(options.folder / "state/status", ""));
  return write_file(options.folder / "etc/sources.list.d/stratify.sources", stanzas);
}

class Monitor final : public pkgAcquireStatus {
 public:
  explicit Monitor(const ArchiveOptions& options) : options_(options) {}
  bool MediaChange(std::string /*media*/, std::string /*drive*/) override { return false; }
  bool Pulse(pkgAcquire* owner) override {
    pkgAcquireStatus::Pulse(owner);
    if (options_.on_progress) options_.on_progress(CurrentBytes, std::max(TotalBytes, CurrentBytes));
    return true;
  }

 private:
  const ArchiveOptions& options_;
};

Category category_of(const pkgAcquire::Item& item) {
  if (item.Status == pkgAcquire::Item::StatTransientNetworkError) return Category::kUnavailable;
  if (item.Status == pkgAcquire::Item::StatAuthError) return Category::kVerification;
  if (item.ErrorText.contains("404") || item.ErrorText.contains("File not found")) return Category::kNotFound;
  return Category::kVerification;  // unsigned, badly signed, out of date, wrong checksum
}

// What is wrong with an index, and by which keyring it was judged.
Unexpected refusal(const pkgAcquire::Item& item, const ArchiveOptions& options) {
  const auto address = item.DescURI();
  const auto category = category_of(item);
  const auto noted = pending_messages();
  auto cause = item.ErrorText.empty() ? noted : on_one_line(item.ErrorText);
  const auto is_its = [&](const Source& source) { return address.contains("/dists/" + source.suite + "/"); };
  const auto source = std::ranges::find_if(options.sources, is_its);
  if (category == Category::kVerification && source != options.sources.end()) {
    cause += std::format(" (judged by {})", source->keyring.string());
  }
  return fail(category, category == Category::kVerification ? "use" : "fetch", address, cause);
}

// Brings the indexes up to date. libapt-pkg itself is content with old indexes when new ones cannot be had; a
// lock is not.
Result<void> update(const ArchiveOptions& options, pkgSourceList& list) {
  Monitor monitor(options);
  pkgAcquire fetcher(&monitor);
  if (!fetcher.GetLock(_config->FindDir("Dir::State::Lists"))) {
    return apt_error(Category::kConflict, "lock", options.folder);
  }
  if (!list.GetIndexes(&fetcher))
    return apt_error(Category::kInvalidInput, "read the sources of", options.folder);
  fetcher.Run();
  for (auto item = fetcher.ItemsBegin(); item != fetcher.ItemsEnd(); ++item) {
    if ((*item)->Status == pkgAcquire::Item::StatDone) continue;
    return refusal(**item, options);
  }
  if (_error->PendingError()) return apt_error(Category::kVerification, "use the archive", {});
  pending_messages();
  return {};
}

// An address as libapt-pkg writes it, without the final slash.
std::string canonical(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  if (uri.starts_with("file:///")) uri.erase(std::string_view("file:").size(), 2);
  return uri;
}

// Which version is wanted: of those that may be taken, the newest. Pins and NotAutomatic do not count; `only`
// does.
class NewestAllowed final : public pkgDepCache::Policy {
 public:
  NewestAllowed(pkgCache& cache, pkgSourceList& list, const std::vector<Source>& sources)
      : files_(cache.HeaderP->PackageFileCount) {
    for (auto file = cache.FileBegin(); !file.end(); ++file)
      files_[file->ID] = source_of(file, list, sources);
  }

  pkgCache::VerIterator GetCandidateVer(const pkgCache::PkgIterator& package) override {
    for (auto version = package.VersionList(); !version.end(); ++version) {  // newest first
      if (source_of(version) != nullptr) return version;
    }
    return {*package.Cache()};
  }
  signed short GetPriority(const pkgCache::PkgIterator& /*package*/) override { return 0; }
  signed short GetPriority(const pkgCache::VerIterator& version, bool /*consider_files*/) override {
    return source_of(version) != nullptr ? 500 : -1;
  }
  signed short GetPriority(const pkgCache::PkgFileIterator& /*file*/) override { return 500; }

  // The first source, in the manifest's order, that may give this version.
  [[nodiscard]] const Source* source_of(const pkgCache::VerIterator& version) const {
    const Source* best = nullptr;
    for (auto file = version.FileList(); !file.end(); ++file) {
      const auto* source = files_[file.File()->ID];
      if (source == nullptr || (best != nullptr && best < source)) continue;
      if (source->only.empty() || std::ranges::contains(source->only, version.ParentPkg().Name()))
        best = source;
    }
    return best;
  }

 private:
  static const Source* source_of(pkgCache::PkgFileIterator file, pkgSourceList& list,
                                 const std::vector<Source>& sources) {
    pkgIndexFile* index = nullptr;
    if (!list.FindIndex(file, index) || !index->IsTrusted()) return nullptr;
    for (auto* meta : list) {
      if (!std::ranges::contains(*meta->GetIndexFiles(), index)) continue;
      const auto same = [&](const Source& source) {
        return source.suite == meta->GetDist() && canonical(source.uri) == canonical(meta->GetURI());
      };
      const auto found = std::ranges::find_if(sources, same);
      return found == sources.end() ? nullptr : &*found;
    }
    return nullptr;
  }

  std::vector<const Source*> files_;  // by the id of the package file; null: never taken from
};

std::string describe(pkgCache::DepIterator dependency) {
  std::string text(dependency.TargetPkg().Name());
  if (dependency.TargetVer() != nullptr)
    text += std::format(" ({} {})", dependency.CompType(), dependency.TargetVer());
  return text;
}

// Looks for the first dependency that nothing in the archive can meet, for a message better than a solver's.
class UnmetSearch {
 public:
  explicit UnmetSearch(pkgDepCache::Policy& policy) : policy_(policy) {}

  // The sentence, or empty when each dependency alone could be met (then packages conflict).
  std::string explain(const std::vector<pkgCache::PkgIterator>& packages) {
    for (const auto& package : packages) visit(package);
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      auto text = check(queue_[i]);
      if (!text.empty()) return text;
    }
    return {};
  }

 private:
  void visit(const pkgCache::PkgIterator& package) {
    if (seen_.insert(package->ID).second) queue_.push_back(package);
  }

  std::string check(const pkgCache::PkgIterator& package) {
    const auto version = policy_.GetCandidateVer(package);
    for (auto dependency = version.DependsList(); !dependency.end();) {
      pkgCache::DepIterator first;
      pkgCache::DepIterator last;
      dependency.GlobOr(first, last);
      if (!last.IsCritical() || last.IsNegative()) continue;
      if (!meet(first, last)) return sentence(version, first, last);
    }
    return {};
  }

  // Whether one alternative has a candidate; visits it.
  bool meet(pkgCache::DepIterator first, const pkgCache::DepIterator& last) {
    for (;; ++first) {
      const std::unique_ptr<pkgCache::Version*[]> targets(first.AllTargets());
      for (auto** target = targets.get(); *target != nullptr; ++target) {
        const pkgCache::VerIterator version(*first.Cache(), *target);
        if (policy_.GetCandidateVer(version.ParentPkg()) != version) continue;
        visit(version.ParentPkg());
        return true;
      }
      if (first == last) return false;
    }
  }

  std::string sentence(const pkgCache::VerIterator& version, pkgCache::DepIterator first,
                       const pkgCache::DepIterator& last) {
    const auto target = first.TargetPkg();
    std::string wanted = describe(first);
    const bool alternatives = first != last;
    while (first != last) wanted += " | " + describe(++first);
    const auto candidate = policy_.GetCandidateVer(target);
    return std::format("{} {} needs {}, which {}", version.ParentPkg().Name(), version.VerStr(), wanted,
                       candidate.end() || alternatives
                           ? "no suite of the manifest has"
                           : std::format("the suites have only as {}", candidate.VerStr()));
  }

  pkgDepCache::Policy& policy_;
  std::vector<pkgCache::PkgIterator> queue_;
  std::set<unsigned> seen_;
};

// The address an index stands at: ".../dists/trixie".
std::string address_of(const metaIndex& meta) { return meta.GetURI() + "dists/" + meta.GetDist(); }

// Drops what was kept of an index that is refused: beside it, libapt-pkg would refuse the right one for
// having changed its name.
void forget(const metaIndex& meta) {
  const fs::path lists = _config->FindDir("Dir::State::Lists");
  const auto prefix = URItoFileName(address_of(meta) + "/");
  std::vector<fs::path> kept;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(lists, error)) {
    if (file.path().filename().string().starts_with(prefix)) kept.push_back(file.path());
  }
  for (const auto& file : kept) fs::remove(file, error);
}

std::string or_none(const std::string& name) { return name.empty() ? "none" : name; }

// Signed by a key of its keyring, and really of the suite that was asked for. libapt-pkg only warns of
// another one.
Result<void> check_index(metaIndex& meta) {
  if (!meta.IsTrusted()) {
    return fail(Category::kVerification, "use", meta.Describe(),
                "its index is not signed by a key of its keyring");
  }
  if (!meta.Load(nullptr))
    return apt_error(Category::kVerification, "read the index of", URI::NoUserPassword(address_of(meta)));
  if (meta.GetCodename() == meta.GetDist() || meta.GetSuite() == meta.GetDist()) return {};
  forget(meta);
  return fail(
      Category::kVerification, "use", URI::NoUserPassword(address_of(meta)),
      std::format("expected the index of {}, found one whose codename is {} and whose suite is {}; "
                  "the mirror is wrong or not honest, so take another one, or correct the suite's name",
                  meta.GetDist(), or_none(meta.GetCodename()), or_none(meta.GetSuite())));
}

// Whether maintainer scripts may count on it without naming it. apt itself is of priority required, but an
// image is never changed by a package manager.
bool is_base(const pkgCache::PkgIterator& package, const pkgCache::VerIterator& version) {
  if (std::string_view(package.Name()) == "apt") return false;
  return (package->Flags & pkgCache::Flag::Essential) != 0 || version->Priority == pkgCache::State::Required;
}

}  // namespace

struct Archive::State {
  ArchiveOptions options;
  pkgCacheFile caches;
  std::unique_ptr<NewestAllowed> policy;

  pkgCache& cache() { return *caches.GetPkgCache(); }
  [[nodiscard]] Result<std::vector<pkgCache::PkgIterator>> roots(std::string_view tree,
                                                                 const std::vector<std::string>& names);
  [[nodiscard]] Result<Package> describe(pkgRecords& records, const pkgCache::VerIterator& version) const;
};

Archive::Archive(std::unique_ptr<State> state) : state_(std::move(state)) {}
Archive::Archive(Archive&&) noexcept = default;
Archive& Archive::operator=(Archive&&) noexcept = default;
Archive::~Archive() = default;

Result<Archive> Archive::open(const ArchiveOptions& options) {
  TRY(make_folders(options.folder));
  auto absolute = options;
  absolute.folder = fs::absolute(options.folder);
  for (auto& source : absolute.sources) source.keyring = fs::absolute(source.keyring);
  TRY(lay_out(absolute));
  TRY(configure(absolute.folder, options.architecture));
  pkgSourceList list;
  if (!list.ReadMainList()) return apt_error(Category::kInvalidInput, "read the sources in", absolute.folder);
  TRY(update(absolute, list));
  auto state = std::make_unique<State>();
  state->options = std::move(absolute);
  if (!state->caches.BuildSourceList() || !state->caches.BuildCaches(nullptr, false)) {
    return apt_error(Category::kIo, "read the package indexes in", state->options.folder);
  }
  for (auto* meta : *state->caches.GetSourceList()) TRY(check_index(*meta));
  state->policy =
      std::make_unique<NewestAllowed>(state->cache(), *state->caches.GetSourceList(), state->options.sources);
  return Archive(std::move(state));
}

// What the solver is asked for: the base and the names.
Result<std::vector<pkgCache::PkgIterator>> Archive::State::roots(std::string_view tree,
                                                                 const std::vector<std::string>& names) {
  std::vector<pkgCache::PkgIterator> result;
  for (auto package = cache().PkgBegin(); !package.end(); ++package) {
    const auto version = policy->GetCandidateVer(package);
    if (!version.end() && is_base(package, version)) result.push_back(package);
  }
  for (const auto& name : names) {
    const auto package = cache().FindPkg(name);
    if (package.end() || policy->GetCandidateVer(package).end()) {
      return fail(Category::kNotFound, std::format("find package {}", name), std::string(tree),
                  "no suite of the manifest has it; correct the name or add the suite that has it");
    }
    result.push_back(package);
  }
  return result;
}

Result<Package> Archive::State::describe(pkgRecords& records, const pkgCache::VerIterator& version) const {
  const auto* source = policy->source_of(version);
  for (auto file = version.FileList(); !file.end(); ++file) {
    auto& record = records.Lookup(file);
    const auto hashes = record.Hashes();
    const auto* sha256 = hashes.find("SHA256");
    if (sha256 == nullptr) continue;
    return Package{.name = version.ParentPkg().Name(),
                   .version = version.VerStr(),
                   .architecture = version.Arch(),
                   .suite = source->suite,
                   .archive = source->archive,
                   .path = record.FileName(),
                   .sha256 = TRY(Sha256::parse(sha256->HashValue())),
                   .size = version->Size};
  }
  return fail(Category::kVerification, "lock", version.ParentPkg().Name(), "its index gives no SHA-256");
}

Result<std::vector<Package>> Archive::closure(std::string_view tree, const std::vector<std::string>& names) {
  const auto roots = TRY(state_->roots(tree, names));
  pkgDepCache depcache(&state_->cache(), state_->policy.get());
  if (!depcache.Init(nullptr))
    return apt_error(Category::kIo, "read the package indexes for", std::string(tree));
  for (const auto& package : roots) {
    depcache.MarkInstall(package, false);
    depcache.MarkProtected(package);
  }
  if (!EDSP::ResolveExternal("3.0", depcache) || depcache.BrokenCount() != 0) {
    const auto conflict = pending_messages();
    const auto unmet = UnmetSearch(*state_->policy).explain(roots);
    return fail(Category::kInvalidInput, "resolve the packages of", std::string(tree),
                unmet.empty() ? conflict : unmet);
  }
  pending_messages();
  pkgRecords records(state_->cache());
  std::vector<Package> result;
  for (auto package = state_->cache().PkgBegin(); !package.end(); ++package) {
    if (!depcache[package].Install()) continue;
    result.push_back(TRY(state_->describe(records, depcache[package].InstVerIter(depcache))));
  }
  std::ranges::sort(result, {}, &Package::name);
  return result;
}

std::int64_t Archive::date() const {
  std::int64_t newest = 0;
  for (auto* meta : *state_->caches.GetSourceList()) {
    if (meta->Load(nullptr)) newest = std::max<std::int64_t>(newest, meta->GetDate());
  }
  return newest;
}

std::weak_ordering compare_versions(std::string_view one, std::string_view other) {
  return debVS.DoCmpVersion(one.data(), one.data() + one.size(), other.data(),
                            other.data() + other.size()) <=> 0;
}

Result<std::vector<std::string>> configured_uris(const fs::path& etc) {
  TRY(configure("/", "amd64"));
  _config->Set("Dir::Etc", fs::absolute(etc).string());
  pkgSourceList list;
  if (!list.ReadMainList()) return apt_error(Category::kInvalidInput, "read the apt configuration in", etc);
  pending_messages();
  std::vector<std::string> uris;
  for (auto* meta : list) {
    if (!std::ranges::contains(uris, meta->GetURI())) uris.push_back(meta->GetURI());
  }
  return uris;
}

}  // namespace stratify::apt
