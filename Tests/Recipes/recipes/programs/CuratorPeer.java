// Where Spring Cloud has the class of its payload.
package org.springframework.cloud.zookeeper.discovery;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryOneTime;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.UriSpec;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;

/** Registers an instance by Curator's own service discovery, and prints all instances of another service whenever a line is read. */
public class CuratorPeer {
    public static void main(String[] arguments) throws Exception {
        // Jackson looks there for the class of a payload.
        Thread.currentThread().setContextClassLoader(CuratorPeer.class.getClassLoader());
        CuratorFramework client = CuratorFrameworkFactory.newClient("127.0.0.1:2181", new RetryOneTime(1000));
        client.start();
        ServiceDiscovery<Object> discovery = ServiceDiscoveryBuilder.builder(Object.class).client(client).basePath("/services")
            .serializer(new JsonInstanceSerializer<>(Object.class)).build();
        discovery.start();
        ZookeeperInstance payload = new ZookeeperInstance();
        payload.metadata.put("team", "café");
        payload.metadata.put("instance_status", "UP");
        discovery.registerService(ServiceInstance.builder().name("java").id("j1").address("10.1.0.1").port(8080).sslPort(8443)
            .payload(payload).uriSpec(new UriSpec("{scheme}://{address}:{port}")).build());
        discovery.registerService(ServiceInstance.builder().name("java").id("j2").address("10.1.0.2").port(8081).build());
        System.out.println("registered");
        while (System.in.read() >= 0) {
            for (ServiceInstance<Object> found : discovery.queryForInstances("swift")) {
                System.out.println(found.getName() + " " + found.getId() + " " + found.buildUriSpec() + " " + found.getSslPort() + " "
                    + found.getServiceType() + " " + found.isEnabled() + " "
                    + (found.getPayload() instanceof ZookeeperInstance read ? read.metadata : found.getPayload()));
            }
            System.out.println("end");
        }
    }
}

/** Shaped as Spring Cloud's payload, whose own class Debian does not have. */
class ZookeeperInstance {
    public String id;
    public String name;
    public Map<String, String> metadata = new LinkedHashMap<>();
}
