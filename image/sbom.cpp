#include "image/sbom.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <format>
#include <set>

#include <boost/json.hpp>

namespace stratify::image {

namespace json = boost::json;

namespace {

// SPDX identifiers hold letters, digits, "." and "-" only.
std::string identifier(std::string_view text) {
  std::string result = "SPDXRef-";
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    result += plain ? c : '-';
  }
  return result;
}

std::string package_identifier(const LockedPackage& package) {
  return identifier("deb-" + package.name + "-" + package.version + "-" + package.architecture);
}

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view(".-_~").contains(c);
    result += plain ? std::string(1, c) : std::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

json::object describe(const LockedPackage& package) {
  const auto purl = std::format("pkg:deb/debian/{}@{}?arch={}&distro={}", percent_encoded(package.name),
                                percent_encoded(package.version), package.architecture, package.suite);
  return {{"SPDXID", package_identifier(package)},
          {"name", package.name},
          {"versionInfo", package.version},
          {"supplier", "Organization: Debian"},
          {"downloadLocation", "NOASSERTION"},
          {"filesAnalyzed", false},
          {"licenseConcluded", "NOASSERTION"},
          {"licenseDeclared", "NOASSERTION"},
          {"copyrightText", "NOASSERTION"},
          {"checksums",
           json::array{json::object{{"algorithm", "SHA256"}, {"checksumValue", package.sha256.hex()}}}},
          {"externalRefs", json::array{json::object{{"referenceCategory", "PACKAGE-MANAGER"},
                                                    {"referenceType", "purl"},
                                                    {"referenceLocator", purl}}}}};
}

json::object tree_package(const std::string& image, const SbomOptions& options) {
  return {{"SPDXID", identifier("tree-" + image)},
          {"name", image},
          {"versionInfo", options.version},
          {"downloadLocation", "NOASSERTION"},
          {"filesAnalyzed", false},
          {"licenseConcluded", "NOASSERTION"},
          {"licenseDeclared", "NOASSERTION"},
          {"copyrightText", "NOASSERTION"},
          {"primaryPackagePurpose", image == "os" ? "OPERATING-SYSTEM" : "CONTAINER"}};
}

json::object relation(std::string from, std::string_view type, std::string to) {
  return {
      {"spdxElementId", std::move(from)}, {"relationshipType", type}, {"relatedSpdxElement", std::move(to)}};
}

}  // namespace

std::string sbom(const Lock& lock, const SbomOptions& options) {
  std::set<std::string> images;
  json::array packages;
  json::array relations;
  std::string fingerprint;
  for (const auto& package : lock.packages) {
    fingerprint += package.sha256.hex();
    packages.push_back(describe(package));
    for (const auto& image : package.images) {
      images.insert(image);
      relations.push_back(relation(identifier("tree-" + image), "CONTAINS", package_identifier(package)));
    }
  }
  for (const auto& image : images) {
    packages.push_back(tree_package(image, options));
    relations.push_back(relation("SPDXRef-DOCUMENT", "DESCRIBES", identifier("tree-" + image)));
  }
  const auto created = std::chrono::sys_seconds(std::chrono::seconds(options.created));
  return json::serialize(
             json::object{{"spdxVersion", "SPDX-2.3"},
                          {"dataLicense", "CC0-1.0"},
                          {"SPDXID", "SPDXRef-DOCUMENT"},
                          {"name", options.name + "-" + options.version},
                          {"documentNamespace", "urn:openhaven:sbom:" + Sha256::of(fingerprint).hex()},
                          {"creationInfo", json::object{{"created", std::format("{:%FT%TZ}", created)},
                                                        {"creators", json::array{"Tool: stratify"}}}},
                          {"packages", packages},
                          {"relationships", relations}}) +
         "\n";
}

}  // namespace stratify::image
