#include "rescue/responder.hpp"

#include "platform/base64.hpp"
#include "platform/file.hpp"
#include "rescue/facts.hpp"
#include "rescue/page.hpp"
#include "stack/secrets.hpp"

namespace stratify::rescue {

namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr std::size_t kLongestLogin = 400;
constexpr unsigned kUnauthorized = 401;
constexpr unsigned kNotFound = 404;
constexpr unsigned kNotAllowed = 405;

// The owner's line of an htpasswd file.
std::string hash_in(const std::string& users) {
  const auto prefix = std::string(stack::kOwner) + ":";
  if (!users.starts_with(prefix)) return {};
  return users.substr(prefix.size(), users.find('\n') - prefix.size());
}

}  // namespace

// RFC 7617. One guess at a time, and a pause after each wrong one.
bool Responder::is_owner(const std::string& authorization) {
  if (!authorization.starts_with(kBasic) || authorization.size() > kLongestLogin) return false;
  const auto login = from_base64(std::string_view(authorization).substr(kBasic.size()));
  const auto prefix = std::string(stack::kOwner) + ":";
  const auto users = read_file(root_ / stack::kSecretsFolder / "users", 64U << 10U);
  const std::scoped_lock lock(one_guess_);
  const auto hash = users ? hash_in(*users) : std::string();
  if (login.starts_with(prefix) && !hash.empty() && stack::password_matches(login.substr(prefix.size()), hash))
    return true;
  pause_();
  return false;
}

Answer Responder::respond(const Request& request) {
  if (request.method != "GET") return {.status = kNotAllowed, .body = "There is only GET here.\n"};
  if (!is_owner(request.authorization)) {
    return {.status = kUnauthorized, .body = "This is for the owner: the name is owner, the password that of the cloud.\n"};
  }
  const auto facts = read_facts(root_);
  if (request.target == "/") return {.type = "text/html; charset=utf-8", .body = page_of(facts)};
  if (request.target == "/journal.txt") return journal();
  for (const auto& archive : facts.archives) {
    if (request.target == "/" + archive.path + ".tar") return this->archive(archive.path);
  }
  return {.status = kNotFound, .body = "There is no such page; all there is, is at /\n"};
}

Answer Responder::journal() {
  const auto text = run_checked(runner_, {.arguments = {"journalctl", "--boot", "--no-pager", "--lines=5000"}});
  return {.body = text ? *text : text.error().message() + "\n"};
}

Answer Responder::archive(const std::string& name) const {
  const auto folder = root_ / "var/lib/openhaven" / name;
  return {.type = "application/x-tar",
          .file_name = folder.filename().string() + ".tar",
          .content = [folder](const ByteSink& sink) { return write_tar(folder, sink); }};
}

}  // namespace stratify::rescue
