"""A Tornado application that signs its users in by a secure cookie, as the tests of a move need it."""

import sys

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web


class SignIn(tornado.web.RequestHandler):
    def get(self):
        self.set_secure_cookie("user", self.get_argument("user"))
        self.write("ok")


class Who(tornado.web.RequestHandler):
    def get(self):
        user = self.get_secure_cookie("user")
        version = self.get_secure_cookie_key_version("user") if user else None
        self.write({"user": user.decode() if user else None, "version": version})


def main(secrets):
    versions = dict(enumerate(secrets)) if len(secrets) > 1 else None
    settings = (
        {"cookie_secret": versions, "key_version": len(secrets) - 1}
        if versions
        else {"cookie_secret": secrets[0]}
    )
    application = tornado.web.Application([("/sign-in", SignIn), ("/who", Who)], **settings)
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    tornado.ioloop.IOLoop.current().start()


main(sys.argv[1:])
