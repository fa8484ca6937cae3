//! tokio on one thread: a task for each connection; over UDP one task.
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

async fn serve(mut stream: TcpStream, buffer: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = vec![0; buffer];
    loop {
        let count = stream.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        bytes[..count].make_ascii_uppercase();
        stream.write_all(&bytes[..count]).await?;
    }
}

async fn run() -> std::io::Result<()> {
    let job = capsock_bench_peers::job();
    if job.mode == "udp" {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        capsock_bench_peers::ready(socket.local_addr()?);
        let mut bytes = vec![0; 65_536];
        loop {
            let (count, from) = socket.recv_from(&mut bytes).await?;
            bytes[..count].make_ascii_uppercase();
            socket.send_to(&bytes[..count], from).await?;
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    capsock_bench_peers::ready(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, job.buffer));
    }
}

fn main() -> std::io::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}
