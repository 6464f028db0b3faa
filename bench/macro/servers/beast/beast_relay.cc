// Relays what a member sends to all who connected with the same URL: Boost.Beast, one io_context on
// one thread, a queue per session and one write per message, as its chat example has it.
#include <CLI/CLI.hpp>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;

// Knows its executor: nothing is called through a polymorphic one.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

struct Message {
  std::string bytes;
  bool is_text = true;
};

class Session;
using Room = std::set<Session*>;
using Rooms = std::unordered_map<std::string, Room>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Socket socket, Rooms& rooms) : stream_(std::move(socket)), rooms_(rooms) {}
  ~Session() {
    if (room_ == nullptr) return;
    room_->erase(this);
    if (room_->empty()) rooms_.erase(std::string(request_.target()));
  }

  void start() {
    stream_.next_layer().set_option(tcp::no_delay(true));
    stream_.auto_fragment(false);
    http::async_read(stream_.next_layer(), buffer_, request_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->accept();
                     });
  }

  void send(std::shared_ptr<const Message> message) {
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) write();
  }

 private:
  void accept() {
    stream_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
      if (error) return;
      self->room_ = &self->rooms_[std::string(self->request_.target())];
      self->room_->insert(self.get());
      self->read();
    });
  }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) self->on_message();
    });
  }

  void on_message() {
    const auto message = std::make_shared<const Message>(
        Message{beast::buffers_to_string(buffer_.data()), stream_.got_text()});
    buffer_.consume(buffer_.size());
    for (Session* member : *room_) member->send(message);
    read();
  }

  void write() {
    stream_.text(queue_.front()->is_text);
    stream_.async_write(asio::buffer(queue_.front()->bytes),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          self->queue_.pop_front();
                          if (!error && !self->queue_.empty()) self->write();
                        });
  }

  websocket::stream<Socket, false> stream_;  // Without compression.
  Rooms& rooms_;                             // Borrowed from run().
  Room* room_ = nullptr;
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const Message>> queue_;
};

class Acceptor {
 public:
  Acceptor(asio::io_context& context, std::uint16_t port, Rooms& rooms)
      : context_(context),
        acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), port)),
        rooms_(rooms) {
    acceptor_.listen(4096);
  }

  void accept() {
    next_ = std::make_unique<Socket>(context_);
    acceptor_.async_accept(*next_, [this](beast::error_code error) {
      if (!error) std::make_shared<Session>(std::move(*next_), rooms_)->start();
      accept();
    });
  }

 private:
  asio::io_context& context_;
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_;
  Rooms& rooms_;
  std::unique_ptr<Socket> next_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  CLI::App app("Relays messages between those who connected with the same URL: Boost.Beast");
  app.add_option("--port", port)->required();
  CLI11_PARSE(app, argc, argv);
  Rooms rooms;
  asio::io_context context{1};
  Acceptor acceptor(context, port, rooms);
  acceptor.accept();
  context.run();
}
