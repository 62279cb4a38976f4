#include "plane/client_bytes.h"

namespace slotgate {

namespace {

std::size_t capacity(const ByteBuffer* bytes) noexcept {
  return bytes == nullptr ? 0 : bytes->capacity();
}

void add(ClientBytes& bytes, const Request& request) noexcept {
  if (request.state == RequestState::kInFlight) {
    bytes.in_links += request.length;
  } else if (request.owned) {
    bytes.own += allocated_size(request.owned.get());
  }
}

}  // namespace

ClientBytes client_bytes(WorkerContext& context, const Client& client) {
  ClientBytes bytes;
  bytes.own =
      capacity(client.input ? &client.input->bytes : nullptr) + capacity(client.output.get());
  if (client.session) {
    bytes.own += capacity(client.session->deferred.get());
    if (client.session->transaction) bytes.own += client.session->transaction->frames.capacity();
  }
  for (std::uint32_t index = client.head; index != kNoIndex;) {
    const Request& request = context.requests[index];
    add(bytes, request);
    if (request.join != kNoIndex && request.state == RequestState::kJoining) {
      for (const std::uint32_t part : context.joins[request.join].parts) {
        if (part != kNoIndex) add(bytes, context.requests[part]);
      }
    }
    index = request.next;
  }
  return bytes;
}

}  // namespace slotgate
