// gopacket FILE: decodes into layers made once, as views.mjs does.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	reader, err := pcapgo.NewReader(bufio.NewReaderSize(file, 512*1024))
	if err != nil {
		panic(err)
	}
	var ethernet layers.Ethernet
	var ipv4 layers.IPv4
	var ipv6 layers.IPv6
	var icmp layers.ICMPv4
	var tcp layers.TCP
	var udp layers.UDP
	var payload gopacket.Payload
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &ethernet, &ipv4, &ipv6, &icmp, &tcp, &udp, &payload)
	parser.IgnoreUnsupported = true
	decoded := make([]gopacket.LayerType, 0, 8)
	seen := 0
	for {
		data, _, err := reader.ZeroCopyReadPacketData()
		if err != nil {
			break
		}
		if parser.DecodeLayers(data, &decoded) != nil {
			continue
		}
		for _, kind := range decoded {
			switch kind {
			case layers.LayerTypeIPv4:
				seen += int(ipv4.Length) + int(ipv4.TTL) + len(ipv4.SrcIP) + len(ipv4.DstIP)
			case layers.LayerTypeIPv6:
				seen += int(ipv6.Length) + int(ipv6.HopLimit) + len(ipv6.SrcIP) + len(ipv6.DstIP)
			case layers.LayerTypeTCP:
				seen += int(tcp.SrcPort) + int(tcp.DstPort) + int(tcp.Seq) + int(tcp.Ack) + int(tcp.Window)
				if tcp.SYN {
					seen++
				}
			case layers.LayerTypeUDP:
				seen += int(udp.SrcPort) + int(udp.DstPort) + int(udp.Length)
			}
		}
	}
	fmt.Println(seen)
}
