// Which socket a connection's connect is under way on, for who would cancel it. Only a ring that
// connects has one: a listener's sockets have no use for it.
//
// Memory  Address space for 12 bytes for each of so many sockets at start; a page is touched when a
//         socket on it first connects.
// Cost    Finding one reads one in 1,024 of the connects that are under way.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/types.h"

namespace parley::io {

class ConnectIndex {
 public:
  explicit ConnectIndex(std::uint32_t sockets);

  // REQUIRES: no connect under way on the socket, or for a connection in that slot.
  void add(std::uint32_t socket, ConnId conn);
  // REQUIRES: added, and not removed since.
  void remove(std::uint32_t socket);
  // None, too, when the slot's connect is another tenant's.
  [[nodiscard]] std::optional<std::uint32_t> find(ConnId conn) const;

 private:
  // Links hold the socket's number plus 1, so that 0 is nobody and untouched memory is good.
  static constexpr std::uint32_t nobody = 0;

  // Callers number their connections without holes, so that the low bits spread them evenly.
  static constexpr std::uint32_t buckets = 1'024;

  struct Entry {
    ConnId conn;
    std::uint32_t next;  // In the same bucket.
  };
  static_assert(sizeof(Entry) == 12);

  struct FreeDeleter {
    void operator()(Entry* entries) const;
  };

  [[nodiscard]] Entry& at(std::uint32_t socket);
  [[nodiscard]] std::uint32_t link_of(std::uint32_t conn_slot) const;

  const std::uint32_t size_;
  std::unique_ptr<Entry[], FreeDeleter> entries_;  // By socket.
  std::array<std::uint32_t, buckets> first_{};     // The first socket of each list.
};

}  // namespace parley::io
