#include "control/cli/updater_client.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "updater/bus_names.hpp"

namespace stratify::control {

namespace {

using namespace updater;  // NOLINT(google-build-using-namespace): the names of its bus object

Unexpected failed(BusError& error, const std::string& operation, int number) {
  const auto plain = error.to_error(operation, "haven-updater", number).error();
  // Its own sentence says what to do; a bus that refuses says only that it does.
  if (plain.category() == Category::kPermission)
    return fail(Category::kPermission, operation, "haven-updater", "only root may; become root first: sudo -i");
  return std::unexpected(plain);
}

int read_property(sd_bus_message* message, std::string_view name, UpdaterView& view, std::string& record) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"Record", &record},       {"Busy", &view.busy},       {"Status", &view.status}, {"Failure", &view.failure},
      {"Source", &view.source}, {"Channel", &view.channel}, {"Window", &view.window}};
  if (const auto* found = std::ranges::find(texts, name, &std::pair<std::string_view, std::string*>::first);
      found != std::end(texts)) {
    const char* value = nullptr;
    const int read = sd_bus_message_read(message, "v", "s", &value);
    if (read >= 0) *found->second = value;
    return read;
  }
  if (name != "Automatic") return sd_bus_message_skip(message, "v");
  int value = 0;
  const int read = sd_bus_message_read(message, "v", "b", &value);
  view.automatic = value != 0;
  return read;
}

}  // namespace

Result<UpdaterClient> UpdaterClient::connect() {
  auto bus = TRY(open_system_bus());
  const auto ignore = [](sd_bus_message*, void*, sd_bus_error*) { return 0; };
  const int added = sd_bus_match_signal(bus.get(), nullptr, kBusName, kBusPath, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged", ignore, nullptr);
  if (added < 0) return BusError().to_error("watch", kBusName, added);
  return UpdaterClient(std::move(bus));
}

// All at once: asked one by one, the record might be from before the worker ended, and Busy from after.
Result<UpdaterView> UpdaterClient::look() {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, "org.freedesktop.DBus.Properties", "GetAll",
                                        error.get(), &raw, "s", kBusInterface);
  const BusMessage answer(raw);
  if (called < 0) return failed(error, "ask", called);
  UpdaterView view;
  std::string record;
  if (const int read = read_properties(answer.get(), [&](auto name) { return read_property(answer.get(), name, view, record); });
      read < 0)
    return BusError().to_error("read the properties of", kBusName, read);
  view.record = TRY(parse_record(record));
  return view;
}

Result<void> UpdaterClient::update(const std::string& wish, const std::string& folder) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, "Update", error.get(), nullptr,
                                        "ss", wish.c_str(), folder.c_str());
  if (called < 0) return failed(error, "ask for an update from", called);
  return {};
}

Result<void> UpdaterClient::send_back(bool with_data) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, "SendBack", error.get(),
                                        nullptr, "b", static_cast<int>(with_data));
  if (called < 0) return failed(error, "ask to go back of", called);
  return {};
}

Result<void> UpdaterClient::call(const std::string& method) {
  BusError error;
  const int called = sd_bus_call_method(bus_.get(), kBusName, kBusPath, kBusInterface, method.c_str(), error.get(),
                                        nullptr, "");
  if (called < 0) return failed(error, "ask", called);
  return {};
}

Result<void> UpdaterClient::wait() {
  constexpr std::uint64_t kSecond = 1'000'000;
  const int waited = sd_bus_wait(bus_.get(), kSecond);
  if (waited < 0) return BusError().to_error("wait for", kBusName, waited);
  while (sd_bus_process(bus_.get(), nullptr) > 0) {
  }
  return {};
}

}  // namespace stratify::control
