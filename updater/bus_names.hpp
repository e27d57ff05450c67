// The bus name, object and interface of haven-updater.
#pragma once

namespace stratify::updater {

inline constexpr const char* kBusName = "dev.openhaven.Updater1";
inline constexpr const char* kBusPath = "/dev/openhaven/Updater1";
inline constexpr const char* kBusInterface = "dev.openhaven.Updater1";

}  // namespace stratify::updater
