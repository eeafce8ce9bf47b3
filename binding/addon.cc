#include "addon.h"

#include <time.h>

#include "capabilities.h"
#include "datagram_batch.h"
#include "error.h"
#include "namespace.h"
#include "napi.h"
#include "netdevice.h"
#include "packet_socket.h"
#include "poll.h"
#include "sock_diag.h"
#include "raw_socket.h"
#include "routes.h"
#include "socket.h"

namespace sockinspect {
namespace {

Napi::Object ToNode(Napi::Env env, const Interface& from) {
  auto addresses = Napi::Array::New(env, from.addresses.size());
  for (uint32_t at = 0; at < from.addresses.size(); at++) {
    auto address = Napi::Object::New(env);
    address.Set("address", from.addresses[at].text);
    address.Set("prefixLength", from.addresses[at].prefix_length);
    addresses.Set(at, address);
  }
  auto to = Napi::Object::New(env);
  to.Set("index", from.index);
  to.Set("name", from.name);
  to.Set("hardwareType", from.hardware_type);
  to.Set("hardwareAddress", from.hardware_address);
  to.Set("mtu", from.mtu);
  to.Set("flags", from.flags);
  to.Set("addresses", addresses);
  return to;
}

Napi::Value ListInterfaces(const Napi::CallbackInfo& info) {
  const auto found = Reporting(info.Env(), Interfaces);
  auto list = Napi::Array::New(info.Env(), found.size());
  for (uint32_t at = 0; at < found.size(); at++) list.Set(at, ToNode(info.Env(), found[at]));
  return list;
}

void BringUp(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  Reporting(info.Env(), [&] { SetInterfaceUp(name); });
}

void GiveAddress(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  const auto address = Text(info.Env(), info[1], "address");
  const auto prefix_length = Unsigned(info.Env(), info[2], "prefixLength");
  Reporting(info.Env(), [&] { AddAddress(name, address, prefix_length); });
}

void MakeVethPair(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  const auto peer = Text(info.Env(), info[1], "peer");
  const int peer_namespace =
      info[2].IsUndefined() ? -1 : static_cast<int>(Unsigned(info.Env(), info[2], "peerNamespace"));
  Reporting(info.Env(), [&] { CreateVethPair(name, peer, peer_namespace); });
}

void ChangeMtu(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  const auto mtu = Unsigned(info.Env(), info[1], "mtu");
  Reporting(info.Env(), [&] { SetMtu(name, mtu); });
}

void Forward(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  Reporting(info.Env(), [&] { SetForwarding(name); });
}

void MakeRoute(const Napi::CallbackInfo& info) {
  const auto destination = Text(info.Env(), info[0], "destination");
  const auto prefix_length = Unsigned(info.Env(), info[1], "prefixLength");
  const auto gateway = Text(info.Env(), info[2], "gateway");
  Reporting(info.Env(), [&] { AddRoute(destination, prefix_length, gateway); });
}

void NoOffloads(const Napi::CallbackInfo& info) {
  const auto name = Text(info.Env(), info[0], "name");
  Reporting(info.Env(), [&] { DisableOffloads(name); });
}

uint16_t Port(Napi::Env env, const Napi::Value& value, const char* name) {
  const uint32_t port = Unsigned(env, value, name);
  if (port > UINT16_MAX) throw BadArgument(env, std::string(name) + " must be below 65536");
  return static_cast<uint16_t>(port);
}

Napi::Value LookUpTcpState(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto local_address = Text(env, info[0], "localAddress");
  const auto local_port = Port(env, info[1], "localPort");
  const auto remote_address = Text(env, info[2], "remoteAddress");
  const auto remote_port = Port(env, info[3], "remotePort");
  const auto found =
      Reporting(env, [&] { return FindTcpState(local_address, local_port, remote_address, remote_port); });
  return found ? Napi::Number::New(env, *found) : env.Undefined();
}

double Milliseconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

Napi::Value ReadClocks(const Napi::CallbackInfo& info) {
  timespec before{};
  timespec real{};
  timespec after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_REALTIME, &real);
  clock_gettime(CLOCK_MONOTONIC, &after);
  auto read = Napi::Object::New(info.Env());
  read.Set("seconds", static_cast<double>(real.tv_sec));
  read.Set("nanoseconds", static_cast<double>(real.tv_nsec));
  read.Set("before", Milliseconds(before));
  read.Set("after", Milliseconds(after));
  return read;
}

Napi::Value FindRoute(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto destination = Text(env, info[0], "destination");
  const auto source = Text(env, info[1], "source");
  const auto interface_index = Unsigned(env, info[2], "interfaceIndex");
  const auto route = Reporting(env, [&] { return RouteTo(destination, source, interface_index); });
  auto to = Napi::Object::New(env);
  to.Set("type", route.type);
  to.Set("interfaceIndex", route.interface_index);
  to.Set("source", route.source);
  to.Set("gateway", route.gateway);
  to.Set("mtu", route.mtu);
  return to;
}

Napi::Value FindNeighbor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto interface_index = Unsigned(env, info[0], "interfaceIndex");
  const auto address = Text(env, info[1], "address");
  const auto found = Reporting(env, [&] { return NeighborAt(interface_index, address); });
  return found ? Napi::String::New(env, *found) : env.Undefined();
}

void EnterNamespace(const Napi::CallbackInfo& info) { Reporting(info.Env(), EnterNewNetworkNamespace); }

void Drop(const Napi::CallbackInfo& info) { Reporting(info.Env(), DropCapabilities); }

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData{std::make_shared<Poller>(env)});
  exports.Set("PacketSocket", PacketSocket::Define(env));
  exports.Set("RawSocket", RawSocket::Define(env));
  exports.Set("Socket", Socket::Define(env));
  exports.Set("Poll", Poll::Define(env));
  exports.Set("DatagramBatch", DatagramBatch::Define(env));
  exports.Set("route", Napi::Function::New<FindRoute>(env, "route"));
  exports.Set("neighbor", Napi::Function::New<FindNeighbor>(env, "neighbor"));
  exports.Set("interfaces", Napi::Function::New<ListInterfaces>(env, "interfaces"));
  exports.Set("setInterfaceUp", Napi::Function::New<BringUp>(env, "setInterfaceUp"));
  exports.Set("addAddress", Napi::Function::New<GiveAddress>(env, "addAddress"));
  exports.Set("createVethPair", Napi::Function::New<MakeVethPair>(env, "createVethPair"));
  exports.Set("setMtu", Napi::Function::New<ChangeMtu>(env, "setMtu"));
  exports.Set("setForwarding", Napi::Function::New<Forward>(env, "setForwarding"));
  exports.Set("addRoute", Napi::Function::New<MakeRoute>(env, "addRoute"));
  exports.Set("disableOffloads", Napi::Function::New<NoOffloads>(env, "disableOffloads"));
  exports.Set("NetworkNamespace", NetworkNamespace::Define(env));
  exports.Set("tcpState", Napi::Function::New<LookUpTcpState>(env, "tcpState"));
  exports.Set("readClocks", Napi::Function::New<ReadClocks>(env, "readClocks"));
  exports.Set("enterNewNetworkNamespace", Napi::Function::New<EnterNamespace>(env, "enterNewNetworkNamespace"));
  exports.Set("dropCapabilities", Napi::Function::New<Drop>(env, "dropCapabilities"));
  return exports;
}

}  // namespace
}  // namespace sockinspect

namespace {
Napi::Object Initialize(Napi::Env env, Napi::Object exports) { return sockinspect::Initialize(env, exports); }
}  // namespace

NODE_API_MODULE(sockinspect, Initialize)
