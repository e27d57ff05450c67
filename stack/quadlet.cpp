#include "stack/quadlet.hpp"

#include <algorithm>

#include "platform/sha256.hpp"

namespace stratify::stack {

namespace {

constexpr const char* kProbe = "/usr/libexec/openhaven/haven-probe";
constexpr const char* kMountOptions = "nosuid,nodev,noexec";

// Collects "Key=value" lines.
class UnitText {
 public:
  void comment(const std::string& words) { text_ += "# " + words + "\n"; }
  void section(const std::string& name) { text_ += "\n[" + name + "]\n"; }
  void set(const std::string& key, const std::string& value) { text_ += key + "=" + value + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Quoted as systemd.syntax(7) splits it; a percent sign begins a specifier, a dollar sign a variable.
std::string quoted(const std::string& word, bool variables) {
  std::string text;
  for (const char c : word) {
    if (c == '%' || (variables && c == '$')) text += c;
    text += c;
  }
  return text.find_first_of(" ;'") == std::string::npos ? text : "\"" + text + "\"";
}

std::string joined(const std::vector<std::string>& words, bool variables) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + quoted(word, variables);
  return text;
}

void write_header(UnitText& out, const Provider& provider) {
  out.comment(
      "Rendered by haven-stack. Do not edit: it is written anew at every boot and after every change.");
  out.comment("Your own settings go into /etc/containers/systemd/" + provider.name + ".container.d/*.conf.");
  out.section("Unit");
  out.set("Description", provider.title + " (" + provider.name + ")");
  // It comes back however often it fails; the pauses between grow.
  out.set("StartLimitIntervalSec", "0");
}

void write_isolation(UnitText& out, const Provider& provider) {
  const auto user = std::to_string(provider.user);
  out.set("UserNS", "auto");
  out.set("User", user);
  out.set("Group", user);
  out.set("ReadOnly", "true");
  out.set("ReadOnlyTmpfs", "false");
  const std::string tmpfs = ":rw,nosuid,nodev,noexec,size=32m,mode=1777";
  out.set("Tmpfs", "/run" + tmpfs);
  out.set("Tmpfs", "/tmp" + tmpfs);
  out.set("DropCapability", "all");
  for (const auto& capability : provider.capabilities) out.set("AddCapability", "CAP_" + capability);
  out.set("NoNewPrivileges", "true");
}

void write_mounts(UnitText& out, const Provider& provider) {
  const std::string options(kMountOptions);
  for (const auto& volume : provider.volumes) {
    // Idmapped: on disk the owner is the user inside the container, whatever range this start was given.
    out.set("Volume", volume_path(provider, volume) + ":" + volume.at + ":idmap," + options);
  }
  if (!provider.configuration.files.empty()) {
    out.set("Volume", configuration_folder(provider) + ":" + provider.configuration.at + ":ro," + options);
  }
  for (const auto& mount : provider.host) out.set("Volume", mount.from + ":" + mount.at + ":ro," + options);
  out.set("Volume", std::string(kProbe) + ":" + kProbe + ":ro,nosuid,nodev");
  const auto user = std::to_string(provider.user);
  for (const auto& secret : provider.secrets) {
    out.set("Secret", podman_secret(secret.name) + ",type=mount,target=" + secret.at + ",uid=" + user +
                          ",gid=" + user + ",mode=0400");
  }
}

void write_health(UnitText& out, const Provider& provider) {
  const auto seconds = [](std::chrono::seconds time) { return std::to_string(time.count()) + "s"; };
  // The probe itself waits for the first answer, so that "active" follows the answer at once.
  out.set("HealthCmd", std::string("[\"") + kProbe + "\",\"" + provider.health.probe + "\"]");
  out.set("HealthInterval", seconds(provider.health.interval));
  out.set("HealthTimeout", seconds(provider.health.start_period));
  out.set("HealthStartPeriod", seconds(provider.health.start_period));
  out.set("HealthRetries", "3");
  out.set("HealthOnFailure", "kill");
  out.set("Notify", "healthy");
}

// What podman and crun can do without while they set a container up; the container inherits it on top of its
// own confinement. A mount namespace of the unit's own (ProtectSystem= and its like) is left out: the
// commands that stop and remove the container would then look for its mounts and its network in another place
// than the one that made them.
void write_confinement(UnitText& out) {
  out.set("CapabilityBoundingSet",
          "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_NET_ADMIN CAP_NET_BIND_SERVICE "
          "CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_SYS_PTRACE "
          "CAP_SYS_RESOURCE");
  out.set("NoNewPrivileges", "yes");
  out.set("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6 AF_NETLINK");
  out.set("RestrictRealtime", "yes");
  out.set("RestrictSUIDSGID", "yes");
  out.set("LockPersonality", "yes");
  out.set("SystemCallArchitectures", "native");
  out.set("SystemCallFilter", "~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap");
  out.set("SystemCallErrorNumber", "EPERM");
  out.set("DevicePolicy", "closed");
  out.set("KeyringMode", "private");
  out.set("UMask", "0077");
}

void write_service(UnitText& out, const Provider& provider) {
  out.section("Service");
  out.set("Restart", "always");
  out.set("RestartSec", "1");
  out.set("RestartSteps", "6");
  out.set("RestartMaxDelaySec", "60");
  out.set("TimeoutStartSec", std::to_string(provider.health.start_period.count() + 60));
  out.set("TimeoutStopSec", "30");
  out.set("MemoryMax", std::to_string(provider.memory_mib) + "M");
  out.set("MemorySwapMax", std::to_string(provider.memory_mib) + "M");
  // Beside the service itself: conmon, and podman while it starts, stops or checks.
  out.set("TasksMax", std::to_string(provider.tasks + 64));
  out.set("OOMPolicy", "continue");
  write_confinement(out);
  if (provider.reload.empty()) return;
  out.set("ExecReload", "/usr/bin/podman exec " + provider.name + " " + joined(provider.reload, true));
}

}  // namespace

std::string container_unit(const ContainerUnit& unit) {
  const auto& provider = unit.provider;
  UnitText out;
  write_header(out, provider);
  out.section("Container");
  out.set("ContainerName", provider.name);
  out.set("Image", unit.image);
  out.set("Pull", "never");
  out.set("LogDriver", "passthrough");
  if (!provider.command.empty()) out.set("Exec", joined(provider.command, true));
  for (const auto& variable : provider.environment) out.set("Environment", quoted(variable, false));
  write_isolation(out, provider);
  for (const auto& network : unit.networks) out.set("Network", network + ".network");
  for (const auto& port : provider.ports) {
    out.set("PublishPort", std::to_string(port.port) + ":" + std::to_string(port.port) + "/" + port.protocol);
  }
  write_mounts(out, provider);
  write_health(out, provider);
  write_service(out, provider);
  out.section("Quadlet");
  // Nothing here waits for the network: a box without an uplink serves its home.
  out.set("DefaultDependencies", "false");
  return out.take();
}

namespace {

// The firewall lets only bridges called "egress-..." out. Interface names have at most 15 bytes (IFNAMSIZ),
// so a long name is cut and told apart by a checksum.
std::string bridge_name(const Provider& provider, bool outward) {
  const std::string prefix = outward ? "egress-" : "haven-";
  constexpr std::size_t kMost = 15;
  if (prefix.size() + provider.name.size() <= kMost) return prefix + provider.name;
  const auto mark = Sha256::of(provider.name).hex().substr(0, 4);
  return prefix + provider.name.substr(0, kMost - prefix.size() - mark.size()) + mark;
}

}  // namespace

std::string network_unit(const Provider& provider) {
  const bool outward = !provider.ports.empty();
  UnitText out;
  out.comment("Rendered by haven-stack. The network of " + provider.name + " alone; the proxy joins it.");
  out.section("Unit");
  out.set("Description", "Network of " + provider.name);
  out.section("Network");
  out.set("NetworkName", "openhaven-" + provider.name);
  out.set("PodmanArgs", "--interface-name=" + bridge_name(provider, outward));
  if (outward)
    out.set("IPv6", "true");
  else
    out.set("Internal", "true");
  out.section("Quadlet");
  out.set("DefaultDependencies", "false");
  return out.take();
}

std::string volume_path(const Provider& provider, const Volume& volume) {
  return "/var/lib/openhaven/data/" + provider.name + (volume.name.empty() ? "" : "/" + volume.name);
}

std::string configuration_folder(const Provider& provider) { return "/run/openhaven/" + provider.name; }

std::string podman_secret(const std::string& name) { return "openhaven-" + name; }

}  // namespace stratify::stack
