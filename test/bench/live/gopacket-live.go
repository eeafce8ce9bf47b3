// gopacket-live INTERFACE: gopacket's afpacket ring, decoding into layers made once, as views.mjs does.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/afpacket"
	"github.com/google/gopacket/layers"
)

func main() {
	ring, err := afpacket.NewTPacket(
		afpacket.OptInterface(os.Args[1]), afpacket.OptFrameSize(2048), afpacket.OptBlockSize(1<<20),
		afpacket.OptNumBlocks(32), afpacket.OptBlockTimeout(10*time.Millisecond),
		afpacket.OptTPacketVersion(afpacket.TPacketVersion3), afpacket.SocketRaw)
	if err != nil {
		panic(err)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	var ethernet layers.Ethernet
	var ipv4 layers.IPv4
	var ipv6 layers.IPv6
	var tcp layers.TCP
	var udp layers.UDP
	var payload gopacket.Payload
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &ethernet, &ipv4, &ipv6, &tcp, &udp, &payload)
	parser.IgnoreUnsupported = true
	decoded := make([]gopacket.LayerType, 0, 8)
	captured, seen := 0, 0
	fmt.Fprintln(os.Stderr, "capturing")
	go func() {
		<-interrupted
		_, statistics, _ := ring.SocketStats()
		fmt.Printf("{\"captured\":%d,\"dropped\":%d,\"seen\":%d}\n", captured, statistics.Drops(), seen)
		os.Exit(0)
	}()
	for {
		data, _, err := ring.ZeroCopyReadPacketData()
		if err == afpacket.ErrTimeout {
			continue
		}
		if err != nil {
			panic(err)
		}
		captured++
		if parser.DecodeLayers(data, &decoded) != nil {
			continue
		}
		for _, kind := range decoded {
			switch kind {
			case layers.LayerTypeIPv4:
				seen += int(ipv4.Protocol) + int(ipv4.TTL) + int(ipv4.Length)
			case layers.LayerTypeUDP:
				seen += int(udp.SrcPort) + int(udp.DstPort)
			}
		}
	}
}
