// The classic vocabulary: the JSON chat of requirements S0 (S0-33), as docs/protocol-classic.md
// describes it.
#pragma once

#include <string_view>

#include "core/chat/vocabulary.h"

namespace parley::core {

class ClassicVocabulary final : public Vocabulary {
 public:
  void on_open(EdgeSession& session) override;
  void on_message(EdgeSession& session, const Value& message) override;
  void on_unreadable(EdgeSession& session, std::string_view code, std::string_view text) override;
  void on_refused(EdgeSession& session, Refusal why, std::string_view room, std::string_view tag,
                  Duration retry_after) override;

  [[nodiscard]] PayloadRef joined(Encoder& encoder, const RoomFacts& facts) override;
  [[nodiscard]] PayloadRef came(Encoder& encoder, std::string_view room, const IdentityView& user,
                                std::uint32_t members) override;
  [[nodiscard]] PayloadRef went(Encoder& encoder, std::string_view room, const IdentityView& user,
                                std::uint32_t members) override;
  [[nodiscard]] PayloadRef counted(Encoder& encoder, std::string_view room,
                                   std::uint32_t members) override;
  [[nodiscard]] PayloadRef present(Encoder& encoder, const RoomFacts& facts) override;
  [[nodiscard]] PayloadRef history(Encoder& encoder, std::string_view room,
                                   std::span<PayloadBlock* const> messages, bool more) override;
  [[nodiscard]] PayloadRef announced(Encoder& encoder, std::string_view text) override;
  [[nodiscard]] PayloadRef gap(Encoder& encoder, std::string_view room, Sequence first,
                               Sequence last, GapReason reason) override;
};

}  // namespace parley::core
