#include "stack/dns.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "platform/resolve.hpp"

namespace stratify::stack {

namespace {

bool is_own(const std::string& answer, const std::vector<IpAddress>& own) {
  const auto same = [&](const IpAddress& address) { return address.text == answer; };
  return std::ranges::any_of(own, same);
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::vector<DnsRecord> wanted_records(const std::vector<std::string>& names,
                                      const std::vector<IpAddress>& addresses) {
  std::vector<DnsRecord> records;
  for (const auto& name : names) {
    bool has_v4 = false;
    bool has_any = false;
    for (const auto& address : addresses) {
      if (!address.global) continue;
      records.push_back({.name = name, .type = address.v6 ? "AAAA" : "A", .value = address.text});
      has_any = true;
      has_v4 = has_v4 || !address.v6;
    }
    if (!has_any || !has_v4) records.push_back({.name = name, .type = "A", .value = ""});
  }
  return records;
}

namespace {

// Empty when all lead here.
std::string advice_on(DnsProbe& probe, const std::string& name, const std::vector<std::string>& answers,
                      const DnsJudgement& by) {
  std::vector<std::string> foreign;
  for (const auto& answer : answers) {
    const auto address = parse_address(answer);
    if (!by.private_too && address && !address->global) {
      return name + " leads to " + answer +
             ", an address of a private network. A public certificate needs a public address.";
    }
    if (!is_own(answer, by.own) && probe.fetch_token(name, answer) != by.token) foreign.push_back(answer);
  }
  if (foreign.empty()) return "";
  return name + " leads to " + list_of(foreign) +
         ", which is not this machine. Change the record, or forward ports 80 and 443 here.";
}

}  // namespace

NameState check_name(DnsProbe& probe, const std::string& name, const DnsJudgement& by) {
  NameState state{.name = name};
  const auto answers = probe.resolve(name);
  if (!answers) {
    state.advice = "No name server answered. Check this machine's network.";
    return state;
  }
  state.answers = *answers;
  state.advice =
      answers->empty()
          ? name + " has no address yet. Set the records shown; new ones can take an hour to be seen."
          : advice_on(probe, name, *answers, by);
  state.ready = state.advice.empty();
  return state;
}

Result<std::vector<std::string>> SystemDnsProbe::resolve(const std::string& name) {
  return resolve_addresses(name);
}

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// One request on a connection, each step bounded; run() drives it to its end.
class TokenRequest {
 public:
  TokenRequest(const std::string& name, const boost::asio::ip::tcp::endpoint& endpoint)
      : stream_(context_), request_(http::verb::get, "/.well-known/openhaven/reachable", 11) {
    request_.set(http::field::host, name);
    request_.set(http::field::connection, "close");
    parser_.body_limit(1024);
    parser_.header_limit(4096);
    stream_.expires_after(std::chrono::seconds(5));
    stream_.async_connect(endpoint, [this](beast::error_code error) { on_connected(error); });
  }

  Result<std::string> run(const std::string& object) {
    context_.run();
    if (error_) return fail(Category::kUnavailable, "ask", object, error_.message());
    if (parser_.get().result() != http::status::ok) {
      return fail(Category::kUnavailable, "ask", object,
                  "it answered " + std::to_string(parser_.get().result_int()));
    }
    return parser_.get().body();
  }

 private:
  void on_connected(beast::error_code error) {
    error_ = error;
    if (error) return;
    http::async_write(stream_, request_,
                      [this](beast::error_code written, std::size_t) { on_written(written); });
  }

  void on_written(beast::error_code error) {
    error_ = error;
    if (error) return;
    http::async_read(stream_, buffer_, parser_,
                     [this](beast::error_code read, std::size_t) { error_ = read; });
  }

  boost::asio::io_context context_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{8192};
  http::request<http::empty_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
};

}  // namespace

Result<std::string> SystemDnsProbe::fetch_token(const std::string& name, const std::string& address) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  if (error) return fail(Category::kInvalidInput, "ask", address, error.message());
  return TokenRequest(name, {ip, 80}).run(address);
}

}  // namespace stratify::stack
