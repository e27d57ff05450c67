#include "firstboot/claim_service.hpp"

#include <syslog.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "firstboot/claim_api.hpp"
#include "firstboot/log.hpp"

namespace stratify::firstboot {

namespace {

// ---- properties
// --------------------------------------------------------------------------------------------------

struct Property {
  const char* name;
  int (*append)(sd_bus_message*, const Status&);
  bool (*differs)(const Status&, const Status&);
};

template <auto kMember>
int append_text(sd_bus_message* message, const Status& status) {
  return sd_bus_message_append(message, "s", (status.*kMember).c_str());
}

template <auto kMember>
int append_number(sd_bus_message* message, const Status& status) {
  return sd_bus_message_append(message, "i", status.*kMember);
}

template <auto kMember>
int append_bool(sd_bus_message* message, const Status& status) {
  return sd_bus_message_append(message, "b", static_cast<int>(status.*kMember));
}

template <auto kMember>
bool differs(const Status& left, const Status& right) {
  return left.*kMember != right.*kMember;
}

int append_state(sd_bus_message* message, const Status& status) {
  return sd_bus_message_append(message, "s", std::string(to_string(status.state)).c_str());
}

int append_steps(sd_bus_message* message, const Status& /*status*/) {
  return sd_bus_message_append(message, "i", kSteps);
}

int append_closes_in(sd_bus_message* message, const Status& status) {
  return sd_bus_message_append(message, "t", static_cast<std::uint64_t>(status.window_closes_in.count()));
}

constexpr std::array kProperties{
    Property{"State", append_state, differs<&Status::state>},
    Property{"Domain", append_text<&Status::domain>, differs<&Status::domain>},
    Property{"DomainShown", append_text<&Status::domain_shown>, differs<&Status::domain_shown>},
    Property{"Home", append_bool<&Status::home>, differs<&Status::home>},
    Property{"Step", append_number<&Status::step>, differs<&Status::step>},
    Property{"Steps", append_steps, nullptr},
    Property{"StepText", append_text<&Status::step_text>, differs<&Status::step_text>},
    Property{"Window", append_number<&Status::window>, differs<&Status::window>},
    Property{"WindowClosesIn", append_closes_in, nullptr},
    Property{"PasswordAvailable", append_bool<&Status::password_available>,
             differs<&Status::password_available>},
    Property{"Notice", append_text<&Status::notice>, differs<&Status::notice>},
    Property{"Answering", append_bool<&Status::answering>, differs<&Status::answering>}};

int get_property(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/, const char* name,
                 sd_bus_message* reply, void* data, sd_bus_error* /*error*/) {
  auto& service = *static_cast<ClaimService*>(data);
  const auto* const property =
      std::ranges::find(kProperties, std::string_view(name),
                        [](const Property& candidate) { return std::string_view(candidate.name); });
  return property == kProperties.end() ? -ENOENT : property->append(reply, service.claim().status());
}

// ---- methods
// -----------------------------------------------------------------------------------------------------

std::string error_name(Category category) {
  const auto word = [category] {
    switch (category) {
      case Category::kInvalidInput:
        return "InvalidDomain";
      case Category::kPermission:
        return "WrongCode";
      case Category::kTimeout:
        return "Locked";
      case Category::kConflict:
        return "Conflict";
      default:
        return "Failed";
    }
  }();
  return std::string(kBusInterface) + ".Error." + word;
}

int reply_error(sd_bus_message* call, const Error& error) {
  const bool for_a_person = error.category() != Category::kIo && error.category() != Category::kNoSpace;
  const auto text = for_a_person ? error.cause() : error.message();
  return sd_bus_reply_method_errorf(call, error_name(error.category()).c_str(), "%s", text.c_str());
}

bool sent_by_root(sd_bus_message* call) {
  sd_bus_creds* raw = nullptr;
  if (sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &raw) < 0) return false;
  const Owned<sd_bus_creds, sd_bus_creds_unref> creds(raw);
  uid_t uid = 0;
  return sd_bus_creds_get_euid(creds.get(), &uid) >= 0 && uid == 0;
}

using Handler = int (*)(sd_bus_message*, ClaimService&);

template <Handler kHandler>
int for_everybody(sd_bus_message* call, void* data, sd_bus_error* /*error*/) {
  auto& service = *static_cast<ClaimService*>(data);
  const int result = kHandler(call, service);
  service.after_call();
  return result;
}

template <Handler kHandler>
int for_root(sd_bus_message* call, void* data, sd_bus_error* error) {
  if (!sent_by_root(call)) {
    return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "Only root may do this.");
  }
  return for_everybody<kHandler>(call, data, error);
}

int reply(sd_bus_message* call, const Result<void>& result) {
  return result ? sd_bus_reply_method_return(call, nullptr) : reply_error(call, result.error());
}

int claim(sd_bus_message* call, ClaimService& service) {
  const char* domain = nullptr;
  const char* code = nullptr;
  const char* peer = nullptr;
  if (const int read = sd_bus_message_read(call, "sss", &domain, &code, &peer); read < 0) return read;
  const auto token = service.claim().claim_with_code(domain, code, peer);
  if (!token) {
    log(LOG_WARNING, "refused a claim from " + counted_as(peer) + ": " + token.error().cause());
    return reply_error(call, token.error());
  }
  log(LOG_NOTICE, "claimed over the web by " + counted_as(peer));
  return sd_bus_reply_method_return(call, "s", std::string(token->reveal()).c_str());
}

int claim_locally(sd_bus_message* call, ClaimService& service) {
  const char* domain = nullptr;
  if (const int read = sd_bus_message_read(call, "s", &domain); read < 0) return read;
  return reply(call, service.claim().claim_here(domain, Way::kConsole));
}

int code(sd_bus_message* call, ClaimService& service) {
  const auto shown = service.claim().code();
  return shown ? sd_bus_reply_method_return(call, "s", shown->c_str()) : reply_error(call, shown.error());
}

int knows_session(sd_bus_message* call, ClaimService& service) {
  const char* token = nullptr;
  if (const int read = sd_bus_message_read(call, "s", &token); read < 0) return read;
  return sd_bus_reply_method_return(call, "b", static_cast<int>(service.claim().knows_session(token)));
}

int hand_over_password(sd_bus_message* call, ClaimService& service) {
  const auto password = service.claim().first_password();
  if (!password) return reply_error(call, password.error());
  const int sent = sd_bus_reply_method_return(call, "s", password->c_str());
  if (sent < 0) return sent;
  sd_bus_flush(sd_bus_message_get_bus(call));
  service.claim().password_was_shown();
  log(LOG_NOTICE, "the owner's first password was handed over");
  return sent;
}

int first_password(sd_bus_message* call, ClaimService& service) {
  const char* token = nullptr;
  if (const int read = sd_bus_message_read(call, "s", &token); read < 0) return read;
  if (!service.claim().knows_session(token)) {
    return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
                                      "This is not the session that claimed.");
  }
  return hand_over_password(call, service);
}

int reopen(sd_bus_message* call, ClaimService& service) { return reply(call, service.claim().reopen()); }
int repair(sd_bus_message* call, ClaimService& service) { return reply(call, service.claim().repair()); }
int renew_password(sd_bus_message* call, ClaimService& service) {
  return reply(call, service.claim().renew_password());
}

// SD_BUS_VTABLE_UNPRIVILEGED leaves the decision to the bus policy and, where root is required, to for_root.
constexpr std::uint64_t kOpen = SD_BUS_VTABLE_UNPRIVILEGED;
constexpr std::uint64_t kChanges = SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;

// NOLINTBEGIN(cppcoreguidelines-avoid-c-arrays): sd-bus takes a C array
const sd_bus_vtable kVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("State", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Domain", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("DomainShown", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Home", "b", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Step", "i", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Steps", "i", get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("StepText", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Window", "i", get_property, 0, kChanges),
    SD_BUS_PROPERTY("WindowClosesIn", "t", get_property, 0, 0),
    SD_BUS_PROPERTY("PasswordAvailable", "b", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Notice", "s", get_property, 0, kChanges),
    SD_BUS_PROPERTY("Answering", "b", get_property, 0, kChanges),
    SD_BUS_METHOD_WITH_ARGS("Claim", SD_BUS_ARGS("s", domain, "s", code, "s", peer),
                            SD_BUS_RESULT("s", session), for_everybody<claim>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("KnowsSession", SD_BUS_ARGS("s", session), SD_BUS_RESULT("b", known),
                            for_everybody<knows_session>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("FirstPassword", SD_BUS_ARGS("s", session), SD_BUS_RESULT("s", password),
                            for_everybody<first_password>, kOpen | SD_BUS_VTABLE_SENSITIVE),
    SD_BUS_METHOD_WITH_ARGS("ClaimLocally", SD_BUS_ARGS("s", domain), SD_BUS_NO_RESULT,
                            for_root<claim_locally>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Code", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", code), for_root<code>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Reopen", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, for_root<reopen>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("Repair", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, for_root<repair>, kOpen),
    SD_BUS_METHOD_WITH_ARGS("FirstPasswordLocally", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", password),
                            for_root<hand_over_password>, kOpen | SD_BUS_VTABLE_SENSITIVE),
    SD_BUS_METHOD_WITH_ARGS("RenewFirstPassword", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, for_root<renew_password>,
                            kOpen),
    SD_BUS_VTABLE_END};
// NOLINTEND(cppcoreguidelines-avoid-c-arrays)

}  // namespace

Result<std::unique_ptr<ClaimService>> ClaimService::create(sd_bus& bus, Claim& claim, AfterCall after_call) {
  std::unique_ptr<ClaimService> service(new ClaimService(bus, claim, std::move(after_call)));
  sd_bus_slot* slot = nullptr;
  const int added = sd_bus_add_object_vtable(&bus, &slot, kBusPath, kBusInterface, kVtable, service.get());
  if (added < 0) return BusError().to_error("offer", kBusPath, added);
  service->slot_.reset(slot);
  if (const int named = sd_bus_request_name(&bus, kBusName, 0); named < 0) {
    return BusError().to_error("take the bus name", kBusName, named);
  }
  service->announced_ = claim.status();
  return service;
}

void ClaimService::announce() {
  const auto now = claim_.status();
  std::vector<std::string> names;
  for (const auto& property : kProperties) {
    if (property.differs != nullptr && property.differs(announced_, now)) names.emplace_back(property.name);
  }
  if (names.empty()) return;
  if (now.state != announced_.state) {
    log(LOG_NOTICE,
        "from " + std::string(to_string(announced_.state)) + " to " + std::string(to_string(now.state)));
  }
  announced_ = now;
  std::vector<char*> pointers;
  pointers.reserve(names.size() + 1);
  for (auto& name : names) pointers.push_back(name.data());
  pointers.push_back(nullptr);
  sd_bus_emit_properties_changed_strv(&bus_, kBusPath, kBusInterface, pointers.data());
}

}  // namespace stratify::firstboot
