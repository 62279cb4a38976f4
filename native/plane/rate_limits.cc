#include "plane/rate_limits.h"

#include <algorithm>

#include "plane/client_address.h"
#include "plane/clients.h"

namespace slotgate {

bool RateLimits::admits(const Database& database, const std::optional<IpAddress>& ip) {
  const std::uint32_t rate = database.limits().rates.address_connections;
  return rate == 0 || !ip ||
         addresses_.entry(database.id, *ip)->connections.try_use(rate, context_.now_ms);
}

void RateLimits::begin(Client& client) {
  const RateSettings& rates = client.database->limits().rates;
  if (!rates.limits_clients()) return;
  client.rate = std::make_unique<ClientRate>();
  if (rates.address_commands == 0 && rates.address_bytes == 0) return;
  if (const std::optional<IpAddress> ip = client_ip(client))
    client.rate->address = addresses_.entry(client.database->id, *ip);
}

void RateLimits::rates_changed(const Database& database) {
  context_.client_io->for_each([&](Client& client) {
    if (client.database != &database) return;
    const bool waited = client.rate && client.rate->waits;
    // All workers do so, one after the other; it is all the same to whom it happens twice.
    if (client.rate && client.rate->address) {
      client.rate->address->commands.reset();
      client.rate->address->bytes.reset();
    }
    client.rate.reset();
    begin(client);
    if (waited) context_.client_io->read_on(client);
  });
}

bool RateLimits::has_bytes(const Client& client) const noexcept {
  const RateSettings& rates = client.database->limits().rates;
  const ClientRate& own = *client.rate;
  if (rates.client_bytes != 0 && own.bytes.room(rates.client_bytes, context_.now_ms) == 0)
    return false;
  return rates.address_bytes == 0 || !own.address ||
         own.address->bytes.room(rates.address_bytes, context_.now_ms) != 0;
}

std::uint32_t RateLimits::commands_now(Client& client, std::uint32_t most) {
  const RateSettings& rates = client.database->limits().rates;
  ClientRate& own = *client.rate;
  if (own.waits || !has_bytes(client)) return 0;
  std::uint64_t room = most;
  if (rates.client_commands != 0)
    room = std::min(room, own.commands.room(rates.client_commands, context_.now_ms));
  if (rates.address_commands != 0 && own.address) {
    const std::uint64_t shared =
        own.address->commands.room(rates.address_commands, context_.now_ms);
    room = std::min(room, shared + (own.reserved ? 1 : 0));
  }
  return static_cast<std::uint32_t>(room);
}

void RateLimits::took(Client& client, std::uint32_t commands) {
  if (commands == 0) return;
  const RateSettings& rates = client.database->limits().rates;
  ClientRate& own = *client.rate;
  if (rates.client_commands != 0)
    own.commands.use(commands, rates.client_commands, context_.now_ms);
  if (rates.address_commands == 0 || !own.address) return;
  const std::uint32_t paid = own.reserved ? 1 : 0;
  own.reserved = false;
  if (commands > paid)
    own.address->commands.use(commands - paid, rates.address_commands, context_.now_ms);
}

void RateLimits::moved(Client& client, std::size_t bytes) {
  const RateSettings& rates = client.database->limits().rates;
  ClientRate& own = *client.rate;
  if (rates.client_bytes != 0) own.bytes.use(bytes, rates.client_bytes, context_.now_ms);
  if (rates.address_bytes != 0 && own.address)
    own.address->bytes.use(bytes, rates.address_bytes, context_.now_ms);
  if (!has_bytes(client)) wait(client);
}

void RateLimits::wait_if_over(Client& client) {
  if (commands_now(client, 1) == 0) {
    wait(client);
  } else {
    context_.client_io->make_ready(client);
  }
}

void RateLimits::wait(Client& client) {
  if (client.rate->waits) return;
  client.rate->waits = true;
  waiting_.push({ready_at_ms(client), client.id, client.index});
  context_.counters->rate_pauses.add();
  context_.client_io->stop_reading(client);
}

std::uint64_t RateLimits::ready_at_ms(Client& client) {
  const RateSettings& rates = client.database->limits().rates;
  ClientRate& own = *client.rate;
  std::uint64_t at_ms = 0;
  if (rates.client_commands != 0)
    at_ms = std::max(at_ms, own.commands.ready_at_ms(rates.client_commands));
  if (rates.client_bytes != 0) at_ms = std::max(at_ms, own.bytes.ready_at_ms(rates.client_bytes));
  if (!own.address) return at_ms;
  if (rates.address_bytes != 0)
    at_ms = std::max(at_ms, own.address->bytes.ready_at_ms(rates.address_bytes));
  if (rates.address_commands == 0) return at_ms;
  // Each of its clients has a time of its own: else all would look for the same command at once.
  if (!own.reserved && own.address->commands.room(rates.address_commands, context_.now_ms) == 0) {
    own.reserved = true;
    at_ms = std::max(at_ms, own.address->commands.reserve(rates.address_commands, context_.now_ms));
  }
  return at_ms;
}

void RateLimits::run_due() {
  while (!waiting_.empty() && waiting_.top().at_ms <= context_.now_ms) {
    const Waiting next = waiting_.top();
    waiting_.pop();
    Client* const client = context_.client_io->find(next.index, next.client);
    if (client == nullptr || !client->rate || !client->rate->waits) continue;
    client->rate->waits = false;
    context_.client_io->read_on(*client);
  }
}

}  // namespace slotgate
