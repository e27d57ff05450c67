// What must never be guessed and never be written where others read: the owner's password and its hash.
#pragma once

#include <filesystem>
#include <string>

#include "platform/error.hpp"

namespace stratify::stack {

// Below a machine's root.
inline constexpr const char* kSecretsFolder = "var/lib/openhaven/secrets";

// The first person's name in every service.
inline constexpr const char* kOwner = "owner";

// A password of five groups of four letters and digits without look-alikes ("k7mw-..."): 20 symbols of 30, 98
// bits. kUnavailable when the kernel gives no random bytes.
[[nodiscard]] Result<std::string> make_password();

// bcrypt of a password (crypt(5), with the prefix "$2y$" that every htpasswd reader knows). cost is the
// binary logarithm of the rounds; 10 takes about 60 ms on one core of a small machine, which a client's first
// login pays.
[[nodiscard]] Result<std::string> bcrypt_of(const std::string& password, unsigned cost = 10);

// True when password is what hash was made of.
[[nodiscard]] bool password_matches(const std::string& password, const std::string& hash);

// Makes the owner's password and puts "owner:<bcrypt>" durably into <root>/var/lib/openhaven/secrets/users
// (mode 0600, folder 0700). Returns the password, which is kept nowhere else. A users file that is there
// already is replaced: callers that resume must first look whether the password has been told.
[[nodiscard]] Result<std::string> make_secrets(const std::filesystem::path& root);

}  // namespace stratify::stack
