import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Netty with its native epoll transport, on one event loop. Arguments: tcp|udp BUFFER. */
class NettyServer {
  @ChannelHandler.Sharable
  static class Upcase extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof DatagramPacket datagram) {
        upper(datagram.content());
        context.write(new DatagramPacket(datagram.content(), datagram.sender()));
      } else {
        upper((ByteBuf) message);
        context.write(message);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
      context.channel().config().setAutoRead(context.channel().isWritable());
      context.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      context.close();
    }
  }

  static void upper(ByteBuf bytes) {
    if (bytes.nioBufferCount() == 1) {
      Upper.apply(bytes.internalNioBuffer(bytes.readerIndex(), bytes.readableBytes()));
    } else {
      throw new IllegalStateException("a composite buffer");
    }
  }

  public static void main(String[] args) throws Exception {
    var loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Channel channel;
    if (args[0].equals("udp")) {
      channel =
          new Bootstrap()
              .group(loop)
              .channel(EpollDatagramChannel.class)
              .handler(new Upcase())
              .bind(any)
              .sync()
              .channel();
    } else {
      channel =
          new ServerBootstrap()
              .group(loop)
              .channel(EpollServerSocketChannel.class)
              .option(ChannelOption.SO_BACKLOG, 4096)
              .childOption(ChannelOption.TCP_NODELAY, true)
              .childHandler(new Upcase())
              .bind(any)
              .sync()
              .channel();
    }
    System.out.println(((InetSocketAddress) channel.localAddress()).getPort());
    channel.closeFuture().sync();
  }
}
